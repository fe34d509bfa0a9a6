"""Twelve tasks of three roles, each done in a real window by key and mouse (docs/decisions/0025-twelve-tasks.md)."""
