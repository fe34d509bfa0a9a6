"""Widgets that know nothing of Lineside's pages."""
