"""A database opened for a command; what had to be done for it is told."""

from __future__ import annotations

import sys

from db.store.session import Database, open_database
from engine.names import name_of


def opened(url: str) -> Database:
    """As open_database. Raises DatabaseError, StorageError, InputError, EnvironmentFailure."""
    db = open_database(url)
    done = db.migrated
    if done is not None:
        said = f"The database of an older version was brought to this one in {done.seconds:.1f} s."
        if done.copy is not None:
            said += f" A copy as it was ({done.copy_bytes / 1e6:,.1f} MB) is kept: {name_of(done.copy)}."
        print(said, file=sys.stderr)
    return db
