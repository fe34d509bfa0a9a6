"""Tests of engine.sources.files."""
