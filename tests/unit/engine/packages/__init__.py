"""Tests of engine.packages."""
