"""A stored picture with its overlays, tools and explanation."""
