"""Tests of gui.pages.settings."""
