"""Tests of gui.pages."""
