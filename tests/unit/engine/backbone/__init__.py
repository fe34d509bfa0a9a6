"""The frozen network, its weights and its descriptions, against torch and numpy."""
