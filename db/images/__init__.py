"""The archive of pictures on the disk."""
