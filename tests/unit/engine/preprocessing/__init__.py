"""Tests of engine.preprocessing."""
