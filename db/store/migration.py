"""Brings a database to this version's schema with Alembic, in process; refuses what a newer version made."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from engine.errors import DatabaseError, StorageError


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done to bring a database of before to this version."""

    before: str
    """Its revision."""
    seconds: float
    copy: Path | None
    """All of it as it was, beside it; None where the database is no file."""
    copy_bytes: int


def scripts_folder() -> Path:
    """Where the migrations are: beside this file, or in the frozen bundle's data."""
    beside = Path(__file__).resolve().parent / "migrations"
    frozen = getattr(sys, "_MEIPASS", None)
    if not beside.is_dir() and frozen:
        return Path(frozen) / "db" / "store" / "migrations"
    return beside


def alembic_config(connection: Connection | None = None, scripts: Path | None = None) -> Config:
    """Alembic's configuration, made in code: there is no ini file to ship."""
    config = Config()
    # Alembic interpolates its values like an ini file does: a % in the path must be doubled.
    config.set_main_option("script_location", str(scripts or scripts_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def revision_of(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def head(scripts: Path | None = None) -> str:
    """The revision this version of Lineside writes."""
    found = ScriptDirectory.from_config(alembic_config(scripts=scripts)).get_current_head()
    if found is None:
        raise DatabaseError("This installation lacks its database migrations.", "Install Lineside again.")
    return found


def check_known(connection: Connection, shown: str, scripts: Path | None = None) -> str | None:
    """The database's revision, when this version can go on from it. Raises DatabaseError for newer and foreign ones."""
    revision = revision_of(connection)
    known = {s.revision for s in ScriptDirectory.from_config(alembic_config(scripts=scripts)).walk_revisions()}
    if revision is None and set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise DatabaseError(f"{shown} is a database of another program.", "Choose another file.")
    if revision is not None and revision not in known:
        raise DatabaseError(
            f"The database {shown} was made by a newer Lineside (revision {revision}).",
            "Update this station, or choose another database.",
        )
    return revision


def upgrade(connection: Connection, scripts: Path | None = None) -> None:
    """To the newest revision, inside the connection's transaction: all of it or nothing."""
    command.upgrade(alembic_config(connection, scripts), "head")


def downgrade(connection: Connection, revision: str, scripts: Path | None = None) -> None:
    """Back to an older revision, inside the connection's transaction."""
    command.downgrade(alembic_config(connection, scripts), revision)


def keep_copy(path: Path, revision: str) -> Path:
    """A complete copy of the database before it is migrated. An existing copy of that revision is left alone."""
    copy = path.with_name(f"{path.name}.before-{revision}")
    if copy.exists():
        return copy
    half = copy.with_name(f".{copy.name}.half")
    # As much again for the log, which holds every page that the migration changes until all of it stands.
    needed = 2 * path.stat().st_size
    if shutil.disk_usage(path.parent).free < needed:
        raise StorageError(
            f"There is no room for a copy of {path} before it is migrated.",
            f"Free {needed // 1_000_000 + 1} MB on that disk.",
        )
    half.unlink(missing_ok=True)
    # SQLite's own backup also takes what is still in the write-ahead log; a file copy would not.
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(half)) as target:
        source.backup(target)
    half.replace(copy)
    return copy
