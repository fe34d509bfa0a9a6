"""Tests of engine.statistics."""
