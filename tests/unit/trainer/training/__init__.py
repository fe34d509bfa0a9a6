"""Tests of trainer.training."""
