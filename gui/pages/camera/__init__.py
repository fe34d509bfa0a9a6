"""The Camera page: cameras found, opened and set."""
