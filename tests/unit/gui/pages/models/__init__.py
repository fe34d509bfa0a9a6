"""Tests of gui.pages.models."""
