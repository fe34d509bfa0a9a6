"""Tests of gui.jobs."""
