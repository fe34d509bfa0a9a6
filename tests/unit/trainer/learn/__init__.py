"""Tests of trainer.learn."""
