"""How fast and how alike models judge and train."""
