"""Tests of engine.sources.demo."""
