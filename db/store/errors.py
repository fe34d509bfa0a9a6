"""Turns what SQLAlchemy and SQLite raise into the house's errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from engine.errors import DatabaseError, LinesideError, StorageError

_LOCKED = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
_REFUSED = {"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"}
_BROKEN_DISK = {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOLFS"}


@contextmanager
def named_errors(shown: str) -> Iterator[None]:
    """Inside, a failing disk or lock becomes StorageError, a damaged file DatabaseError; anything else is a bug."""
    try:
        yield
    except DBAPIError as error:
        found = translate(error.orig, shown)
        if found is None:
            raise
        raise found from error
    except sqlite3.Error as error:
        found = translate(error, shown)
        if found is None:
            raise
        raise found from error


def translate(error: BaseException | None, shown: str) -> LinesideError | None:
    """The house's error for one of SQLite's; None when it is none of the disk's, the lock's or the file's."""
    # Extended names (SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT) start with their family's.
    family = "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])
    if family in _LOCKED:
        return StorageError(f"The database {shown} is locked by another program.", "Close that program and try again.")
    if family in _DAMAGED:
        return damaged(shown)
    if family in _REFUSED:
        return StorageError(
            f"The database {shown} cannot be opened for writing.", "Allow writing to its folder or choose another one."
        )
    if family in _BROKEN_DISK:
        return StorageError(
            f"The database {shown} could not be written: {error}.",
            "Free some space on its disk; what was recorded before is safe.",
        )
    return None


def damaged(shown: str) -> DatabaseError:
    """The error for a file that is not, or no longer, a good database."""
    return DatabaseError(
        f"The database {shown} is damaged.", "Restore a copy, or move it away so that a new one is made."
    )
