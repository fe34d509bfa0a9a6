"""Icons, themes and the demo model packages; data only."""
