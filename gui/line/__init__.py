"""The run on the line as the window sees it."""
