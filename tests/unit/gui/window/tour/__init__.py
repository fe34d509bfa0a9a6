"""Tests of gui.window.tour without a window."""
