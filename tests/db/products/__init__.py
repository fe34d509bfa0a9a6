"""Tests of db.products."""
