"""Runs that record, a line and a scan, and the change gate: composed once for window and command line."""
