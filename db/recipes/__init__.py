"""The station's recipes with their former versions, and the known parts that their limits are weighed by."""
