"""Tests of trainer.pseudo_labels."""
