"""Tests of engine.sources.genicam."""
