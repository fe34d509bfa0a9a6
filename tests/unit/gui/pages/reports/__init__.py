"""Tests of gui.pages.reports."""
