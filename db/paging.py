"""Pages by key: the orders a table can be read in, and the key a page ends with."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.rows import inspection_of, override_of
from db.schema import LOST, PENDING, InspectionRow, OverrideRow, PictureRow, StandingRow
from engine.domain import Inspection, Override
from engine.errors import InputError

MAX_LIMIT = 10_000

Conditions = Sequence[ColumnElement[bool]]
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
class Page:
    """Some rows and the key of the next page; None at the end."""

    rows: tuple[Stored, ...]
    next: str | None


_ORDERS: dict[Sort, tuple[InstrumentedAttribute[Any], bool]] = {
    Sort.NEWEST: (InspectionRow.inspected_at, True),
    Sort.OLDEST: (InspectionRow.inspected_at, False),
    Sort.SCORE: (InspectionRow.score, True),
    Sort.CLOSEST: (InspectionRow.margin, False),
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


def read_page(session: Session, where: Conditions, sort: Sort, after: str | None, limit: int) -> Page:
    """The rows after the key, at most `limit` (1…10,000)."""
    limit = max(1, min(limit, MAX_LIMIT))
    key = _decode(after, sort) if after is not None else None
    if sort is Sort.MISTAKES:
        found = _mistakes_first(session, where, key, limit + 1)
    else:
        found = _ordered(session, where, sort, key, limit + 1)
    more, found = len(found) > limit, found[:limit]
    rows = tuple(as_stored(row) for row in found)
    return Page(rows, _encode(sort, found[-1]) if more else None)


def _mistakes_first(session: Session, where: Conditions, key: list[Any] | None, limit: int) -> list[StoredRow]:
    """Two reads, each along an index, instead of sorting the whole table by a computed column."""
    mistake = func.coalesce(StandingRow.disagrees, false())
    found: list[StoredRow] = []
    if key is None or key[2]:
        found = _ordered(session, [*where, StandingRow.disagrees == true()], Sort.MISTAKES, key, limit)
        key = None
    if len(found) < limit:
        found += _ordered(session, [*where, ~mistake], Sort.MISTAKES, key, limit - len(found))
    return found


def _ordered(session: Session, where: Conditions, sort: Sort, key: list[Any] | None, limit: int) -> list[StoredRow]:
    column, descending = _ORDERS[sort]
    both = (column, InspectionRow.id)
    rows = stored_rows().where(*where)
    if key is not None:
        place, start = tuple_(*both), tuple_(key[0], key[1])
        rows = rows.where(place < start if descending else place > start)
    rows = rows.order_by(*(c.desc() if descending else c.asc() for c in both))
    return list(session.execute(rows.limit(limit)))


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
