"""Inspections: add in groups, page by key, filter, count.

Pages never use OFFSET: each starts after the key of the last row seen, so that page 500 costs what page 1 costs and
rows that arrive meanwhile shift nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.images.archive import Archive, Fingerprint
from db.inspections.filters import ANY, Filter, conditions, unreviewed
from db.inspections.paging import PageOfRows, Sort, Stored, as_stored, count_up_to, read_page, stored_rows
from db.inspections.plans import INSPECTIONS
from db.store.rows import inspection_values
from db.store.schema import KEPT, LOST, PENDING, InspectionRow, OverrideRow, PictureRow, RandomAuditRow, StandingRow
from db.store.session import Database
from engine.domain.inspection import Inspection, Outcome, utc_now
from engine.errors import InputError

__all__ = [
    "ANY",
    "COUNTED",
    "DEFAULT_THRESHOLD",
    "Counts",
    "Filter",
    "FilterChoices",
    "NewInspection",
    "PageOfRows",
    "PictureMark",
    "Sort",
    "Stored",
    "add",
    "attach_image",
    "conditions",
    "count",
    "count_to",
    "counts",
    "distinct",
    "get",
    "latest",
    "next_unreviewed",
    "page",
]

DEFAULT_THRESHOLD = 0.5
COUNTED = 10_000
MOST_VALUES = 2_000
"""A list of more values is no list to choose from."""
# The bare tables: a line inserts a row every few milliseconds and has no use for the mapper's book-keeping.
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
    audit_one_in: int = 0
    """It was drawn for a random audit with a chance of 1 in so many; 0 = it was not."""


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
class Counts:
    """Verdicts counted as the station gave them; `overridden` have an override in force.

    `unknown`: of these, parts that the model did not know.
    """

    ok: int = 0
    ng: int = 0
    review: int = 0
    no_verdict: int = 0
    overridden: int = 0
    unknown: int = 0

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
class FilterChoices:
    """What there is to filter by, sorted; empty names left out."""

    labels: tuple[str, ...]
    lots: tuple[str, ...]
    models: tuple[str, ...]
    sources: tuple[str, ...]
    recipes: tuple[str, ...] = ()


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
        _audit(session, items)
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
) -> PageOfRows:
    """One page; `after` is the page before's `next`. Raises InputError for a key of another sorting or program."""
    with db.session() as session:
        return read_page(session, filter, sort, after, limit)


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
        wanted = [*conditions(filter), *unreviewed()]
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
        strange = select(func.count(InspectionRow.id)).where(InspectionRow.unknown.is_(True), *conditions(filter))
        unknown = session.execute(strange).scalar_one()
    return Counts(
        ok=found.get(Outcome.OK, 0),
        ng=found.get(Outcome.NG, 0),
        review=found.get(Outcome.REVIEW, 0),
        no_verdict=found.get(Outcome.NO_VERDICT, 0),
        overridden=number,
        unknown=unknown,
    )


def count_to(db: Database, filter: Filter = ANY, most: int = COUNTED) -> int:
    """How many match, counted up to `most` and no further: cheap, whatever there is."""
    with db.session() as session:
        return count_up_to(session, filter, most)


def distinct(db: Database) -> FilterChoices:
    """The classes, lots, model versions, sources and recipes that occur; of each, at most MOST_VALUES."""
    with db.session() as session:
        row = InspectionRow
        return FilterChoices(
            labels=_occurring(session, row.label),
            lots=_occurring(session, row.lot),
            models=_occurring(session, row.model_version),
            sources=_occurring(session, row.source),
            recipes=_occurring(session, row.recipe_name),
        )


def _occurring(session: Session, column: InstrumentedAttribute[str]) -> tuple[str, ...]:
    """From one value to the next along the column's index, instead of through all its rows."""
    least: Select[str | None] = select(func.min(column)).where(column > "")
    steps = least.cte("steps", recursive=True)
    value = steps.c[0]
    following = select(func.min(column)).where(column > value).scalar_subquery()
    steps = steps.union_all(select(following).where(value.is_not(None)))
    return tuple(session.scalars(select(steps.c[0]).where(steps.c[0].is_not(None)).limit(MOST_VALUES)))


def _first(session: Session, rows: Select[InspectionRow, PictureRow, OverrideRow, bool]) -> Stored | None:
    found = session.execute(rows.limit(1)).first()
    return None if found is None else as_stored(found)


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


def _audit(session: Session, items: Sequence[NewInspection]) -> None:
    drawn = [
        {"inspection_id": item.inspection.id, "at": item.inspection.times.inspected_at, "one_in": item.audit_one_in}
        for item in items
        if item.audit_one_in
    ]
    if drawn:
        session.execute(insert(RandomAuditRow), drawn)


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
