"""Tests of db.maintenance."""
