"""Tests of engine.sources.process."""
