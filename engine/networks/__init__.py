"""Network definitions in torch: the seg-decision networks, the classifiers, and the graph that is exported."""
