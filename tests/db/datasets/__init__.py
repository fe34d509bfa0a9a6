"""Tests of db.datasets."""
