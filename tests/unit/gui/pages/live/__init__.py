"""Tests of gui.pages.live without a window."""
