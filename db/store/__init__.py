"""The SQLite file: schema, sessions, migrations."""
