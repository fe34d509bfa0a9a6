"""Tests of engine.sources.uvc."""
