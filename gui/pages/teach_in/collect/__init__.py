"""Teach-in's first step: parts are called good or bad."""
