"""Inspections: add in groups, page by key, filter, count.

Pages never use OFFSET: each starts after the key of the last row seen, so that page 500 costs what page 1 costs and
rows that arrive meanwhile shift nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from db.archive import Archive, Fingerprint
from db.paging import Page, Sort, Stored, as_stored, read_page, stored_rows
from db.rows import inspection_values
from db.schema import KEPT, LOST, PENDING, InspectionRow, OverrideRow, PictureRow, StandingRow
from db.session import Database
from engine.domain import Inspection, Outcome, utc_now
from engine.errors import InputError

__all__ = [
    "ANY",
    "DEFAULT_THRESHOLD",
    "Choices",
    "Counts",
    "Filter",
    "NewInspection",
    "Page",
    "PictureMark",
    "Sort",
    "Stored",
    "add",
    "attach_image",
    "conditions",
    "count",
    "counts",
    "distinct",
    "get",
    "latest",
    "next_unreviewed",
    "page",
]

DEFAULT_THRESHOLD = 0.5
# The bare tables: a line inserts a row every few milliseconds and has no use for the mapper's book-keeping.
INSPECTIONS = cast(Table, InspectionRow.__table__)
PICTURES = cast(Table, PictureRow.__table__)


@dataclass(frozen=True, slots=True)
class NewInspection:
    """One inspection to add, with the paths of its archived files (relative to the archive)."""

    inspection: Inspection
    image: str | None = None
    heat: str | None = None
    threshold: float = DEFAULT_THRESHOLD
    """The defect score from which NG was said (`Limits.ng_at`); `Sort.CLOSEST` measures from it."""
    pixels_sha256: str | None = None
    """`archive.pixels_digest` of the frame; lets a picture that stays in its folder be exported later."""
    pending: bool = False
    """The files at `image` and `heat` are yet to be written; a `PictureMark` tells how that ended."""


@dataclass(frozen=True, slots=True)
class PictureMark:
    """How the writing of a pending picture ended: the files with their digests, or `lost`, a sentence that says why."""

    inspection_id: str
    image: str | None = None
    of_image: Fingerprint | None = None
    heat: str | None = None
    of_heat: Fingerprint | None = None
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which inspections; None = any. Times: since ≤ inspected_at < until. Scores: both ends included."""

    outcomes: frozenset[Outcome] | None = None
    """The station's verdicts."""
    labels: frozenset[str] | None = None
    """The classes decided for."""
    lot: str | None = None
    model: str | None = None
    """Model version."""
    since: datetime | None = None
    until: datetime | None = None
    overridden: bool | None = None
    min_score: float | None = None
    max_score: float | None = None
    source: str | None = None
    unreviewed_only: bool = False
    """Without an override in force, NO VERDICT left out."""


ANY = Filter()


@dataclass(frozen=True, slots=True)
class Counts:
    """Verdicts counted as the station gave them; `overridden` have an override in force."""

    ok: int = 0
    ng: int = 0
    review: int = 0
    no_verdict: int = 0
    overridden: int = 0

    @property
    def total(self) -> int:
        """All inspections."""
        return self.ok + self.ng + self.review + self.no_verdict

    @property
    def yield_(self) -> float:
        """OK ÷ (OK + NG + REVIEW); 1.0 when there is none."""
        judged = self.ok + self.ng + self.review
        return self.ok / judged if judged else 1.0


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by, sorted; empty names left out."""

    labels: tuple[str, ...]
    lots: tuple[str, ...]
    models: tuple[str, ...]
    sources: tuple[str, ...]


def add(db: Database, items: Sequence[NewInspection], marks: Sequence[PictureMark] = ()) -> None:
    """Add inspections, then mark pictures, in one transaction: on return all is on disk, after an error nothing.

    Raises StorageError; InputError for an id that is there already; PictureError for a path without a file.
    """
    if not items and not marks:
        return
    archive = db.archive
    rows = [inspection_values(item.inspection, item.threshold, item.pixels_sha256) for item in items]
    pictures = [
        _pending_values(item) if item.pending else _picture_values(archive, item.inspection.id, item.image, item.heat)
        for item in items
        if item.image is not None or item.heat is not None
    ]
    with db.writing() as session:
        try:
            if rows:
                session.execute(insert(INSPECTIONS), rows)
        except IntegrityError as error:
            raise InputError("An inspection with this id is stored already.", "Add every inspection once.") from error
        if pictures:
            session.execute(insert(PICTURES), pictures)
        _mark(session, marks)


def attach_image(db: Database, id: str, image: str, heat: str | None = None) -> None:
    """Note a picture that was archived after its inspection. Does nothing when there is one that was not lost."""
    values = _picture_values(db.archive, id, image, heat)
    with db.writing() as session:
        if session.get(InspectionRow, id) is None:
            raise InputError(f"There is no inspection {id}.", "Record it before its picture.")
        session.execute(delete(PictureRow).where(PictureRow.inspection_id == id, PictureRow.state == LOST))
        if session.get(PictureRow, id) is None:
            session.execute(insert(PictureRow), [values])


def page(
    db: Database, filter: Filter = ANY, sort: Sort = Sort.NEWEST, after: str | None = None, limit: int = 200
) -> Page:
    """One page; `after` is the page before's `next`. Raises InputError for a key of another sorting or program."""
    with db.session() as session:
        return read_page(session, tuple(conditions(filter)), sort, after, limit)


def get(db: Database, id: str) -> Stored | None:
    """One inspection with its picture and the override in force."""
    with db.session() as session:
        return _first(session, stored_rows().where(InspectionRow.id == id))


def latest(db: Database) -> Stored | None:
    """The newest inspection."""
    with db.session() as session:
        return _first(session, stored_rows().order_by(InspectionRow.inspected_at.desc(), InspectionRow.id.desc()))


def next_unreviewed(db: Database, after: str | None = None, filter: Filter = ANY) -> Stored | None:
    """The newest OK, NG or REVIEW part without an override; with `after` (an id), the next older one."""
    with db.session() as session:
        wanted = [*conditions(filter), *_unreviewed()]
        if after is not None:
            row = session.get(InspectionRow, after)
            if row is None:
                raise InputError(f"There is no inspection {after}.", "Start from the newest one.")
            wanted.append(tuple_(InspectionRow.inspected_at, InspectionRow.id) < tuple_(row.inspected_at, row.id))
        rows = stored_rows().where(*wanted)
        return _first(session, rows.order_by(InspectionRow.inspected_at.desc(), InspectionRow.id.desc()))


def count(db: Database, filter: Filter = ANY) -> int:
    """How many match."""
    with db.session() as session:
        return session.execute(select(func.count(InspectionRow.id)).where(*conditions(filter))).scalar_one()


def counts(db: Database, filter: Filter = ANY) -> Counts:
    """How many of each verdict match, and how many of them an override overrules or confirms."""
    with db.session() as session:
        by_outcome = select(InspectionRow.outcome, func.count(InspectionRow.id)).where(*conditions(filter))
        found = {row[0]: row[1] for row in session.execute(by_outcome.group_by(InspectionRow.outcome))}
        standing = select(func.count(StandingRow.inspection_id)).join(
            InspectionRow, InspectionRow.id == StandingRow.inspection_id
        )
        number = session.execute(standing.where(*conditions(filter))).scalar_one()
    return Counts(
        ok=found.get(Outcome.OK, 0),
        ng=found.get(Outcome.NG, 0),
        review=found.get(Outcome.REVIEW, 0),
        no_verdict=found.get(Outcome.NO_VERDICT, 0),
        overridden=number,
    )


def distinct(db: Database) -> Choices:
    """The classes, lots, model versions and sources that occur."""
    with db.session() as session:

        def occurring(column: InstrumentedAttribute[str]) -> tuple[str, ...]:
            return tuple(session.scalars(select(column).where(column != "").distinct().order_by(column)))

        return Choices(
            labels=occurring(InspectionRow.label),
            lots=occurring(InspectionRow.lot),
            models=occurring(InspectionRow.model_version),
            sources=occurring(InspectionRow.source),
        )


def conditions(filter: Filter) -> list[ColumnElement[bool]]:
    """The filter as conditions on InspectionRow; for db/ only."""
    row, wanted = InspectionRow, list[ColumnElement[bool]]()
    if filter.outcomes is not None:
        wanted.append(row.outcome.in_(sorted(str(o) for o in filter.outcomes)))
    if filter.labels is not None:
        wanted.append(row.label.in_(sorted(filter.labels)))
    for column, value in ((row.lot, filter.lot), (row.model_version, filter.model), (row.source, filter.source)):
        if value is not None:
            wanted.append(column == value)
    if filter.since is not None:
        wanted.append(row.inspected_at >= filter.since)
    if filter.until is not None:
        wanted.append(row.inspected_at < filter.until)
    if filter.min_score is not None:
        wanted.append(row.score >= filter.min_score)
    if filter.max_score is not None:
        wanted.append(row.score <= filter.max_score)
    if filter.overridden is not None:
        wanted.append(_has_override() if filter.overridden else ~_has_override())
    return wanted + (_unreviewed() if filter.unreviewed_only else [])


def _first(session: Session, rows: Select[InspectionRow, PictureRow, OverrideRow, bool]) -> Stored | None:
    found = session.execute(rows.limit(1)).first()
    return None if found is None else as_stored(found)


def _has_override() -> ColumnElement[bool]:
    # Aliased: the queries around it may join the same table.
    standing = aliased(StandingRow)
    return select(standing.inspection_id).where(standing.inspection_id == InspectionRow.id).exists()


def _unreviewed() -> list[ColumnElement[bool]]:
    return [~_has_override(), InspectionRow.outcome != str(Outcome.NO_VERDICT)]


def _picture_values(archive: Archive, id: str, image: str | None, heat: str | None) -> dict[str, object]:
    of_image = archive.fingerprint(image) if image else None
    of_heat: Fingerprint | None = archive.fingerprint(heat) if heat else None
    return {
        "inspection_id": id,
        "image": image,
        "image_sha256": of_image.sha256 if of_image else None,
        "image_bytes": of_image.size if of_image else 0,
        "heat": heat,
        "heat_sha256": of_heat.sha256 if of_heat else None,
        "archived_at": utc_now(),
        "state": KEPT,
    }


def _pending_values(item: NewInspection) -> dict[str, object]:
    return {
        "inspection_id": item.inspection.id,
        "image": item.image,
        "image_sha256": None,
        "image_bytes": 0,
        "heat": item.heat,
        "heat_sha256": None,
        "archived_at": utc_now(),
        "state": PENDING,
    }


def _mark(session: Session, marks: Sequence[PictureMark]) -> None:
    if not marks:
        return
    now = utc_now()
    values = [
        {
            "of": mark.inspection_id,
            "image": None if mark.lost else mark.image,
            "image_sha256": mark.of_image.sha256 if mark.of_image else None,
            "image_bytes": mark.of_image.size if mark.of_image else 0,
            "heat": None if mark.lost else mark.heat,
            "heat_sha256": mark.of_heat.sha256 if mark.of_heat else None,
            "archived_at": now,
            "state": LOST if mark.lost else KEPT,
            "why": mark.lost or None,
        }
        for mark in marks
    ]
    # On the connection: the ORM's bulk update fails when a row is not there any more.
    statement = update(PictureRow).where(PictureRow.inspection_id == bindparam("of"))
    named: dict[str, Any] = {name: bindparam(name) for name in values[0] if name != "of"}
    session.connection().execute(statement.values(named), values)
