"""Tests of db.inspections."""
