"""What the database has of a scan, for one that goes on or is shown again."""

from __future__ import annotations

from datetime import datetime

from db.inspections import Filter, page
from db.paging import Sort
from db.session import Database
from engine.domain import Inspection

AT_ONCE = 2000


def judged(db: Database, source: str, version: str, digest: str, since: datetime) -> list[Inspection]:
    """All inspections of a source by one model version and one recipe since a time, oldest first. Blocking."""
    wanted = Filter(source=source, model=version, since=since)
    found: list[Inspection] = []
    after: str | None = None
    while True:
        rows = page(db, wanted, Sort.OLDEST, after, AT_ONCE)
        found += [row.inspection for row in rows.rows if row.inspection.recipe.digest == digest]
        after = rows.next
        if after is None:
            return found
