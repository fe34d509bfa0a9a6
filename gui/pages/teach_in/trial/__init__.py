"""Teach-in's last step: the new model judges beside the person."""
