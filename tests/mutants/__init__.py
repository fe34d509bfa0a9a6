"""Small faults put into the code one at a time, by a seed, to see whether the tests notice."""
