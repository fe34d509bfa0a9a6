"""Tests of trainer.runs."""
