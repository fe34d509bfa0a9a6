"""Heads learnt at once, on the real data that LINESIDE_DATA names."""
