"""Tests of gui.pages.scan."""
