"""Tests of engine.verdicts."""
