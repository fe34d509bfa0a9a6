"""Tests of gui.pages.camera."""
