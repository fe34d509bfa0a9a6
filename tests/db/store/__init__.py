"""Tests of db.store."""
