"""Tests of gui.pages.live."""
