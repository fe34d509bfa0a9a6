"""Tests of gui.pages.review."""
