"""Tests of trainer.data."""
