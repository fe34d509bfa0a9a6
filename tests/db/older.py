"""A database as an older version of Lineside left it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import create_engine, event

from db.store import migration


def older(place: Path, revision: str, scripts: Path | None = None) -> None:
    """Take the closed database at `place` down to a revision, with its rows."""
    engine = create_engine(f"sqlite:///{place}")

    @event.listens_for(engine, "connect")
    def _plain(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    with engine.begin() as connection:
        migration.downgrade(connection, revision, scripts)
    engine.dispose()
