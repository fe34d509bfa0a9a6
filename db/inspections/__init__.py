"""Stored inspections: added, found, overruled, commented, audited; never changed."""
