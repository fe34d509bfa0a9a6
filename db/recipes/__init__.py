"""The station's recipes and their former versions."""
