"""Tests of trainer.packaging."""
