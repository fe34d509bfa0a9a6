"""Tests of trainer.data.inspect."""
