"""Recipe files: read, checked, compared and written."""
