"""How fast a line is, with real cameras too."""
