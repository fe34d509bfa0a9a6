"""Tests of engine.backends."""
