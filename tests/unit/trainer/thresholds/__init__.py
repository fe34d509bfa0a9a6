"""Tests of trainer.thresholds."""
