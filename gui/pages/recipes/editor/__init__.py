"""A recipe's sections as fields."""
