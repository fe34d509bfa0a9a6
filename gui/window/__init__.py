"""The window around the pages: rail, keys, guided start, orderly end."""
