"""Readers of what annotation tools write."""
