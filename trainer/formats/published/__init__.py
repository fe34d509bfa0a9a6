"""Readers of published data sets as they are distributed."""
