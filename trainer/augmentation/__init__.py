"""How training pictures are varied and ordered."""
