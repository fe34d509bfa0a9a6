"""The Recipes page: what the station's recipes are."""
