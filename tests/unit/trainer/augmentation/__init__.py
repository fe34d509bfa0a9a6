"""Tests of trainer.augmentation."""
