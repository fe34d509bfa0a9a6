"""The architectures by name, and the graph that a package holds; needs torch."""
