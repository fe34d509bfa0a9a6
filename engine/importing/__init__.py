"""Models made elsewhere become model packages."""
