"""Tests of gui.window."""
