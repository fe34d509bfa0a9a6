"""Tests of engine.gate."""
