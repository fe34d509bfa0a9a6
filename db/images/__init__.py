"""Pictures on the disk: how pixels are written and known again, and the archive that holds the files."""
