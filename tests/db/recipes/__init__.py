"""Tests of db.recipes."""
