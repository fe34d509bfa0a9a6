"""A real SQLite database in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.store.session import Database, open_database


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the test's database file is."""
    return tmp_path / "data" / "lineside.db"


@pytest.fixture
def db(place: Path) -> Iterator[Database]:
    """An open, empty database."""
    opened = open_database(place)
    yield opened
    opened.close()
