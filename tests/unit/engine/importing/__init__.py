"""Tests of engine.importing."""
