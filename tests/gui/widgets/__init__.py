"""Tests of gui.widgets."""
