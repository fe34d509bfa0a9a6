"""Heads in closed form, on drawn arrays."""
