"""Tests of gui.pages.recipes."""
