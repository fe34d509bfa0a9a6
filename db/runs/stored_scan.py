"""What the database has of a scan, for one that goes on or is shown again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from db.inspections.paging import Sort
from db.inspections.table import Filter, page
from db.store.session import Database
from engine.domain.inspection import Inspection

AT_ONCE = 2000


def judged(
    db: Database, source: str, version: str, since: datetime, *, digests: Collection[str], ids: Collection[str] = ()
) -> list[Inspection]:
    """A scan's inspections: of a source, by one model version, since a time, oldest first. Blocking.

    `digests`: all that its recipe is known as. `ids`: inspections that are the scan's whatever their digest.
    """
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
