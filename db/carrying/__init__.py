"""A product carried from one station to another as one file."""
