"""Runs that record: a line, a scan."""
