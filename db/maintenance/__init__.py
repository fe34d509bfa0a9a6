"""Retention, and whether what is stored is as it was stored."""
