"""Stored inspections as data sets for the trainer, and the gates that what was trained had to pass."""
