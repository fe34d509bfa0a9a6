"""Tests of None."""
