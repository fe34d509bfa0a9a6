"""Figures of stored inspections."""
