"""Tests of gui.printing."""
