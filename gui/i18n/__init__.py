"""The language in force, and sentences of engine and database in it."""
