"""What was kept of scans: their journals beside the database, and what the database has of one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from db.inspections.paging import Sort
from db.inspections.table import Filter, page
from db.store.session import Database
from engine.domain.inspection import Inspection
from engine.names import name_of, path_of
from engine.sources.files.folder import FolderSource
from engine.station.scan_journal import Journalled, journals
from engine.system.places import database_url

AT_ONCE = 2000


def scans(db: Database) -> Path:
    """Where the journals of its scans are: beside the database, so that each is found with what it counts on.

    Other databases may lie in the same folder: all but the station's own keep theirs in a folder of their name.
    """
    folder, name = db.folder / "scans", make_url(db.url).database or ""
    return folder if Path(name).name == Path(database_url()).name else folder / Path(name).name


def stopped(db: Database, folder: Path | None = None) -> Journalled | None:
    """The newest scan (of this folder) that stopped before its end. Blocking."""
    return next((found for found in journals(scans(db)) if not found.ended and _is_of(found, folder)), None)


def ended(db: Database) -> Journalled | None:
    """The newest scan that came to its end. Blocking."""
    return next((found for found in journals(scans(db)) if found.ended), None)


def stored_of(db: Database, found: Journalled, known: frozenset[str] = frozenset()) -> list[Inspection]:
    """What the database has of a journal's scan, oldest first; `known`: as what its recipe is known besides. Blocking.

    What the journal names is the scan's whatever its recipe's digest.
    """
    plan, ids = found.plan, {entry.id for entry in found.entries.values()}
    uri = FolderSource(path_of(plan.folder)).uri
    return _judged(db, uri, plan.version, plan.begun_at, known | {plan.digest}, ids)


def _judged(
    db: Database, source: str, version: str, since: datetime, digests: Collection[str], ids: Collection[str]
) -> list[Inspection]:
    wanted = Filter(source=source, model=version, since=since)
    found: list[Inspection] = []
    after: str | None = None
    while True:
        rows = page(db, wanted, Sort.OLDEST, after, AT_ONCE)
        parts = [row.inspection for row in rows.rows]
        found += [part for part in parts if part.recipe.digest in digests or part.id in ids]
        after = rows.next
        if after is None:
            return found


def _is_of(found: Journalled, folder: Path | None) -> bool:
    return folder is None or found.plan.folder == name_of(folder)
