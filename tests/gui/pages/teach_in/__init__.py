"""Tests of gui.pages.teach_in."""
