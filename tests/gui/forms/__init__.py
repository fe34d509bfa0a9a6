"""Tests of gui.forms."""
