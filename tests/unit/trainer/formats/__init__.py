"""Tests of trainer.formats."""
