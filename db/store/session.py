"""Opens the database: creates or migrates it, sets SQLite up for a station, hands out sessions."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from db.images.archive import Archive
from db.store.errors import damaged, named_errors
from db.store.schema import REVISION, MetaRow
from engine.domain.inspection import utc_now
from engine.errors import DatabaseError, EnvironmentFailure, InputError, StorageError
from engine.names import name_of, path_of
from engine.system.late import Late
from engine.system.places import home

if TYPE_CHECKING:
    from db.store import migration
    from db.store.migration import Migrated
else:
    migration = Late("db.store.migration")

BUSY_TIMEOUT_S = 5.0
QUICK_CHECK_BYTES = 64 * 1024**2
"""Up to this size the whole file is checked when it is opened (well under a second); `verify` checks any size."""

LOG_PAGES = 8000
"""Pages of 4 KiB after which SQLite folds its log within a commit, where no recorder did it before (`checkpoint`)."""

_SQLITE_HEADER = b"SQLite format 3\0"
_WRITER = "lineside_writer"


class Database:
    """An open, migrated database. Thread-safe: every use takes its own session; writers take turns."""

    def __init__(self, engine: Engine, url: str, folder: Path, shown: str, timeout_s: float) -> None:
        self.url = url
        self.folder = folder
        """Where the archive and the models live."""
        self._engine = engine
        self._writes = engine.execution_options(**{_WRITER: True})
        self._shown = shown
        self._timeout_s = timeout_s
        self._turn = threading.Lock()
        self.archive = Archive(self.archive_folder)
        """The one archive of this process: it also knows the pictures that are still to be written."""
        self.migrated: Migrated | None = None
        """What was done to a database of an older version when it was opened; None: nothing had to be."""

    @property
    def archive_folder(self) -> Path:
        """Where the archived pictures are."""
        return self.folder / "archive"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that reads one consistent state. Raises StorageError and DatabaseError."""
        with named_errors(self._shown), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one write transaction: committed at the end, undone by any error.

        Raises StorageError when another writer holds the database longer than the timeout, or the disk fails.
        """
        if not self._turn.acquire(timeout=self._timeout_s):
            raise StorageError(f"The database {self._shown} is busy.", "Wait for the other work to end and try again.")
        try:
            with named_errors(self._shown), Session(self._writes, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            self._turn.release()

    def checkpoint(self) -> None:
        """Fold SQLite's log into the file as far as nobody uses it; blocks nobody. Raises StorageError.

        SQLite would do it by itself within some commit, which then takes several times as long: a recorder's thread
        calls this instead, so that no verdict waits for it.
        """
        if self._engine.dialect.name != "sqlite":
            return
        with named_errors(self._shown):
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()
            finally:
                connection.close()

    def close(self) -> None:
        """Give all connections back; safe to call twice. SQLite folds its log into the file by itself."""
        self._engine.dispose()


def open_database(
    url_or_path: str | Path, *, timeout_s: float = BUSY_TIMEOUT_S, scripts: Path | None = None
) -> Database:
    """Open a database by path or SQLAlchemy URL; create or migrate it where needed.

    `timeout_s`: how long a lock of another program is waited for. `scripts`: the migrations, the shipped ones when
    left out. Raises DatabaseError for a newer, foreign or damaged one, StorageError for a full, read-only or locked
    place, InputError for a URL that cannot be, EnvironmentFailure where its driver is missing.
    """
    url = _as_url(url_or_path)
    path = _file_of(url)
    shown = name_of(path) if path else _written(url, hide_password=True)
    folder = path.parent if path else home()
    with named_errors(shown):
        if path:
            _prepare_place(path)
        migrated = _migrate(url, path, shown, timeout_s, scripts)
        engine = _engine(url, timeout_s)
    db = Database(engine, _written(url, hide_password=False), folder, shown, timeout_s)
    db.migrated = migrated
    return db


def _written(url: URL, *, hide_password: bool) -> str:
    """A URL as text; `_as_url` leads back, whatever its file is called."""
    plain = url if url.database is None else url.set(database=name_of(url.database))
    return plain.render_as_string(hide_password=hide_password)


def existing(url: str) -> str:
    """A database that is only read from must be there: a mistyped path must not make an empty one.

    Raises DatabaseError.
    """
    path = url.removeprefix("sqlite:///")
    if (path != url or "://" not in url) and not path_of(path).exists():
        raise DatabaseError(f"There is no database at {path}.", "Give the URL that `lineside run` printed.")
    return url


def _as_url(given: str | Path) -> URL:
    if isinstance(given, str) and "://" in given:
        try:
            url = make_url(given)
            url.get_dialect().import_dbapi()
        except ArgumentError as error:
            raise InputError(
                f"{given} is not a database URL.", "Write it like sqlite:///folder/lineside.db."
            ) from error
        except ImportError as error:
            raise EnvironmentFailure(
                f"The driver of this database is not installed: {error}.", "Write it like sqlite:///folder/lineside.db."
            ) from error
        of_file = url.database and url.get_backend_name() == "sqlite"
        return url.set(database=str(path_of(str(url.database)))) if of_file else url
    return URL.create("sqlite", database=str(path_of(given).expanduser()))


def _file_of(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise InputError("The database must be a file.", "Write it like sqlite:///folder/lineside.db.")
    return Path(url.database).absolute()


def _prepare_place(path: Path) -> None:
    """Make the folder; refuse what is plainly no database before SQLite touches it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a database.", "Name a file in it, such as lineside.db.")
        if path.exists() and not path.is_file():
            # A pipe would be waited for without an end.
            raise InputError(f"{path} is no plain file, so no database.", "Name another file, such as lineside.db.")
        if not os.access(path if path.exists() else path.parent, os.W_OK) or not os.access(path.parent, os.W_OK):
            # SQLite would open it for reading and fail at the first verdict.
            raise StorageError(f"The database {path} is read-only.", "Allow writing there or choose another folder.")
        with path.open("rb") as file:
            start = file.read(len(_SQLITE_HEADER))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            f"The database {path} cannot be opened: {error.strerror}.", "Choose a folder that this user may write to."
        ) from error
    if start and start != _SQLITE_HEADER:
        raise damaged(str(path))


def _migrate(url: URL, path: Path | None, shown: str, timeout_s: float, scripts: Path | None) -> Migrated | None:
    """Returns what was done to a database that was there before."""
    engine = _engine(url, timeout_s, migrating=True)
    try:
        with engine.connect() as connection:
            newest = scripts is None and _is_newest(connection)
            revision = REVISION if newest else migration.check_known(connection, shown, scripts)
            if path and revision and path.stat().st_size <= QUICK_CHECK_BYTES:
                _check_sound(connection, shown)
        if newest or revision == migration.head(scripts):
            return None
        begun = time.perf_counter()
        copy = migration.keep_copy(path, revision) if path and revision else None
        with engine.execution_options(**{_WRITER: True}).begin() as connection:
            # Another program may have migrated while this one waited for the lock.
            migration.check_known(connection, shown, scripts)
            migration.upgrade(connection, scripts)
            if connection.execute(select(MetaRow.key).where(MetaRow.key == "created_at")).first() is None:
                connection.execute(insert(MetaRow), {"key": "created_at", "value": utc_now().isoformat()})
        if revision is None:
            return None
        seconds = time.perf_counter() - begun
        return migration.Migrated(revision, seconds, copy, copy.stat().st_size if copy else 0)
    finally:
        engine.dispose()


def _is_newest(connection: Connection) -> bool:
    """Whether there is nothing to migrate, found without reading Alembic and its scripts: each start asks for it.

    Any other answer, also that of a newer or foreign database, is left to `migration`.
    """
    if not inspect(connection).has_table("alembic_version"):
        return False
    return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars()) == [REVISION]


def _check_sound(connection: Connection, shown: str) -> None:
    if connection.execute(text("PRAGMA quick_check(1)")).scalar_one() != "ok":
        raise damaged(shown)


def _engine(url: URL, timeout_s: float, *, migrating: bool = False) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool) if migrating else create_engine(url, pool_pre_ping=True)
    arguments: dict[str, Any] = {"timeout": timeout_s, "check_same_thread": False}
    engine = (
        create_engine(url, connect_args=arguments, poolclass=NullPool)
        if migrating
        else create_engine(url, connect_args=arguments, pool_timeout=timeout_s)
    )
    # Off while migrating: SQLite rebuilds a table by dropping it, which must not trip over what refers to it.
    enforce = "OFF" if migrating else "ON"

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        # None: SQLAlchemy's `begin` below starts the transactions, so that DDL is inside them too.
        connection.isolation_level = None
        cursor = connection.cursor()
        pragmas = ("journal_mode = WAL", "synchronous = FULL", f"wal_autocheckpoint = {LOG_PAGES}")
        for pragma in (*pragmas, f"foreign_keys = {enforce}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: taking it later, after reading, fails without waiting when another one wrote.
        writer = connection.get_execution_options().get(_WRITER, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine
