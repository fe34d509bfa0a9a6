"""Tests of gui.window without a window."""
