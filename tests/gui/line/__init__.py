"""Tests of gui.line."""
