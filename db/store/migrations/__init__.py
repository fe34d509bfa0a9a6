"""Alembic's folder: how a database of an older version becomes one of this; env.py and the template of a new step."""
