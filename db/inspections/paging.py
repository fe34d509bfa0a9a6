"""Pages by key: the orders a table can be read in, and the key a page ends with."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVarTuple

from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.inspections.filters import Filter
from db.inspections.plans import Lead, keys, lead, seen, smallest
from db.store.rows import inspection_of, override_of
from db.store.schema import LOST, PENDING, InspectionRow, OverrideRow, PictureRow, StandingRow
from engine.domain.inspection import Inspection, Override
from engine.errors import InputError

MAX_LIMIT = 10_000
IDS_AT_ONCE = 500
"""SQLite takes 999 values in a statement where it is old."""

Columns = TypeVarTuple("Columns")
StoredRow = Row[InspectionRow, PictureRow, OverrideRow, bool]
"""All but the first are None where there is none: outer joins."""


class Sort(StrEnum):
    """The order of a page. Equal keys are ordered by id, so that none is lost or shown twice."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SCORE = "score"
    """Highest defect score first."""
    CLOSEST = "closest"
    """Smallest distance between score and threshold first."""
    FARTHEST = "farthest"
    """Largest distance between score and threshold first: of mistakes, the most confident ones."""
    MISTAKES = "mistakes"
    """Where the override in force disagrees with the verdict, newest first; then all others, newest first."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An inspection as it is kept. `image` and `heat` are relative to the archive; `override` is the one in force.

    A picture that is `pending` is in the recorder's memory (Archive.load of `Database.archive` gives it) or, of a
    station that broke down, nowhere; one that is lost has no `image`, and `lost` says why.
    """

    inspection: Inspection
    image: str | None = None
    heat: str | None = None
    override: Override | None = None
    pending: bool = False
    lost: str = ""


@dataclass(frozen=True, slots=True)
class PageOfRows:
    """Some rows and the key of the next page; None at the end."""

    rows: tuple[Stored, ...]
    next: str | None


_ORDERS: dict[Sort, tuple[InstrumentedAttribute[Any], bool]] = {
    Sort.NEWEST: (InspectionRow.inspected_at, True),
    Sort.OLDEST: (InspectionRow.inspected_at, False),
    Sort.SCORE: (InspectionRow.score, True),
    Sort.CLOSEST: (InspectionRow.margin, False),
    Sort.FARTHEST: (InspectionRow.margin, True),
    Sort.MISTAKES: (InspectionRow.inspected_at, True),
}


def stored_rows() -> Select[InspectionRow, PictureRow, OverrideRow, bool]:
    """Inspection, picture, override in force: the columns `as_stored` takes."""
    return (
        select(InspectionRow, PictureRow, OverrideRow, StandingRow.disagrees)
        .outerjoin(PictureRow, PictureRow.inspection_id == InspectionRow.id)
        .outerjoin(StandingRow, StandingRow.inspection_id == InspectionRow.id)
        .outerjoin(OverrideRow, OverrideRow.id == StandingRow.override_id)
    )


def as_stored(found: StoredRow) -> Stored:
    """One row of `stored_rows` in domain types."""
    inspection, picture, override, _ = found
    return Stored(
        inspection_of(inspection),
        picture.image if picture else None,
        picture.heat if picture else None,
        override_of(override) if override else None,
        picture is not None and picture.state == PENDING,
        (picture.why or "") if picture is not None and picture.state == LOST else "",
    )


def read_page(session: Session, filter: Filter, sort: Sort, after: str | None, limit: int) -> PageOfRows:
    """The rows after the key, at most `limit` (1…10,000)."""
    limit = max(1, min(limit, MAX_LIMIT))
    key = _decode(after, sort) if after is not None else None
    if sort is Sort.MISTAKES:
        found = _mistakes_first(session, filter, key, limit + 1)
    else:
        found = _ordered(session, filter, sort, key, limit + 1)
    more, found = len(found) > limit, found[:limit]
    rows = tuple(as_stored(row) for row in found)
    return PageOfRows(rows, _encode(sort, found[-1]) if more else None)


def count_up_to(session: Session, filter: Filter, most: int) -> int:
    """How many match, counted up to `most`."""
    rows, _ = keys(smallest(session, filter), filter)
    return session.execute(select(func.count()).select_from(rows.limit(most).subquery())).scalar_one()


def _mistakes_first(session: Session, filter: Filter, key: list[Any] | None, limit: int) -> list[StoredRow]:
    """Two reads instead of sorting the whole table by a computed column."""
    found: list[StoredRow] = []
    if filter.disagrees is not False and (key is None or key[2]):
        found = _ordered(session, replace(filter, disagrees=True), Sort.MISTAKES, key, limit)
        key = None
    if len(found) < limit and not filter.disagrees:
        rest = replace(filter, disagrees=False)
        found += _ordered(session, rest, Sort.MISTAKES, key, limit - len(found))
    return found


def _ordered(session: Session, filter: Filter, sort: Sort, key: list[Any] | None, limit: int) -> list[StoredRow]:
    column, descending = _ORDERS[sort]
    start = lead(session, filter, column)
    if start.ids is not None or start.must_sort:
        return _sorted(session, start, filter, sort, key, limit)
    rows = _placed(stored_rows().where(*seen(start, filter)), (column, InspectionRow.id), descending, key)
    return list(session.execute(rows.limit(limit)))


def _sorted(
    session: Session, start: Lead, filter: Filter, sort: Sort, key: list[Any] | None, limit: int
) -> list[StoredRow]:
    """The keys of few rows sorted, then the rows of the page alone."""
    column, descending = _ORDERS[sort]
    few, row = keys(start, filter)
    wanted = list(session.scalars(_placed(few, (row[column.key], row.id), descending, key).limit(limit)))
    found: dict[str, StoredRow] = {}
    for part in range(0, len(wanted), IDS_AT_ONCE):
        chosen = stored_rows().where(InspectionRow.id.in_(wanted[part : part + IDS_AT_ONCE]))
        found |= {r[0].id: r for r in session.execute(chosen)}
    return [found[id] for id in wanted]


def _placed(rows: Select[*Columns], by: tuple[Any, Any], descending: bool, key: list[Any] | None) -> Select[*Columns]:
    """In order, after the key."""
    if key is not None:
        place, start = tuple_(*by), tuple_(key[0], key[1])
        rows = rows.where(place < start if descending else place > start)
    return rows.order_by(*(c.desc() if descending else c.asc() for c in by))


def _encode(sort: Sort, row: StoredRow) -> str:
    inspection, _, _, mistake = row
    value = getattr(inspection, _ORDERS[sort][0].key)
    plain = value.isoformat() if isinstance(value, datetime) else value
    text = json.dumps([str(sort), plain, inspection.id, bool(mistake)])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decode(key: str, sort: Sort) -> list[Any]:
    """Value, id, and whether the row was a mistake."""
    try:
        name, plain, id_, mistake = json.loads(base64.urlsafe_b64decode(key.encode()))
        if name != sort:
            raise InputError("This key belongs to another sorting.", "Start again from the first page.")
        timed = _ORDERS[sort][0] is InspectionRow.inspected_at
        value = datetime.fromisoformat(plain) if timed else float(plain)
    except (ValueError, TypeError) as error:
        raise InputError("This is not the key of a page.", "Start again from the first page.") from error
    return [value, str(id_), bool(mistake)]
