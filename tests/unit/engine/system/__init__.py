"""Tests of engine.system."""
