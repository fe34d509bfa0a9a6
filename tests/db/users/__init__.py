"""Tests of db.users."""
