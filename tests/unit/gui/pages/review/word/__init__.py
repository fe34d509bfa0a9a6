"""Tests of gui.pages.review.word without a window."""
