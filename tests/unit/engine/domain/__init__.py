"""Tests of engine.domain."""
