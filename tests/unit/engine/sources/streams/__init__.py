"""Tests of engine.sources.streams."""
