"""The frozen network that describes every picture: its weights, its graph, what is read off it, heads joined to it."""
