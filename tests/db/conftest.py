"""A real SQLite database in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.store.session import Database, open_database


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the test's database file is."""
    return tmp_path / "data" / "lineside.db"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty database, migrated once; what making one does is held in tests/db/store."""
    path = tmp_path_factory.mktemp("empty") / "lineside.db"
    open_database(path).close()
    return path


@pytest.fixture
def db(place: Path, empty_database: Path) -> Iterator[Database]:
    """An open, empty database."""
    place.parent.mkdir()
    shutil.copyfile(empty_database, place)
    opened = open_database(place)
    yield opened
    opened.close()
