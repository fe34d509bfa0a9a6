"""Lineside's commands that need the database, without a window."""
