"""Work beside the GUI thread, and how its results come back to it."""
