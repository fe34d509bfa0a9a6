"""Tests of db.commands."""
