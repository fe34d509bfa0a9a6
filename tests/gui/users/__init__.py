"""Tests of gui.users."""
