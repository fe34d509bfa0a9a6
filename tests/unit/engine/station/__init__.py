"""Tests of engine.station."""
