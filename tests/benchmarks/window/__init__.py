"""How fast the window is."""
