"""Recipe files: read, checked, compared, given a digest and written."""
