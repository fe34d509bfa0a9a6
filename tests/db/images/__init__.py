"""Tests of db.images."""
