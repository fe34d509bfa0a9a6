"""Tests of gui.pages.review without a window."""
