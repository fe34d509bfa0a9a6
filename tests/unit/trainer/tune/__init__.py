"""Tests of trainer.tune."""
