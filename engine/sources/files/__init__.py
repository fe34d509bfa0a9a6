"""Frames from files: a folder, a watched folder, chosen files, a video."""
