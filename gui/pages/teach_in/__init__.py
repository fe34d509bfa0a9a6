"""The teach-in: a first model from the line's own parts."""
