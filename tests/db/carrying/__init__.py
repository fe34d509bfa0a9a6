"""Tests of db.carrying."""
