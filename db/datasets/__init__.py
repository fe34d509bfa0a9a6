"""Stored inspections as data sets for the trainer."""
