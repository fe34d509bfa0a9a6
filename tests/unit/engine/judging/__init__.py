"""Tests of engine.judging."""
