"""Tests of db.recording."""
