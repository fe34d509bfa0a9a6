"""Sets made from a seed, written as tools write them and worse, and read again."""
