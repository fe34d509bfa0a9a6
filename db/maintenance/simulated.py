"""Simulated parts leave a database for good, with their pictures and all that was said of them; nothing else ever does.

The database itself refuses to delete any other part, and what was said of one (migration 0005).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, delete, func, select
from sqlalchemy.orm import Session

from db.inspections.filters import unreviewed
from db.maintenance.leaving import check_archive, tidy, unlink
from db.maintenance.retention import BATCH, PAUSE_S, TOLD
from db.store.schema import (
    KEPT,
    PENDING,
    CommentRow,
    ExportItemRow,
    InspectionRow,
    OverrideRow,
    PictureRow,
    RandomAuditRow,
    StandingRow,
)
from db.store.session import Database
from db.users import trail
from engine.domain.inspection import Origin, Outcome, utc_now
from engine.errors import LinesideError

REMOVED = "simulated parts removed"
"""How it stands in the trail."""
_SIMULATED = InspectionRow.origin == str(Origin.SIMULATED)


@dataclass(frozen=True, slots=True)
class SimulatedParts:
    """What there is, or what left: parts, pictures archived of them, and overrides and comments on them."""

    parts: int = 0
    pictures: int = 0
    words: int = 0
    bytes: int = 0
    """Of the files that left."""
    failed: tuple[tuple[str, str], ...] = ()
    """Inspection id and why it is still there, of the first TOLD."""
    waiting: int = 0
    """Parts that wait for a person: REVIEW, and nobody has said a word. Counted before they leave only."""


def simulated(db: Database) -> SimulatedParts:
    """What `remove_simulated` would remove. Raises StorageError."""
    mine = select(InspectionRow.id).where(_SIMULATED)
    of = {row: select(func.count()).where(row.inspection_id.in_(mine)) for row in (OverrideRow, CommentRow)}
    kept = select(func.count()).where(PictureRow.inspection_id.in_(mine), PictureRow.state == KEPT)
    with db.session() as session:
        parts = session.execute(select(func.count(InspectionRow.id)).where(_SIMULATED)).scalar_one()
        words = sum(session.execute(count).scalar_one() for count in of.values())
        waiting = select(func.count(InspectionRow.id)).where(
            _SIMULATED, InspectionRow.outcome == str(Outcome.REVIEW), *unreviewed()
        )
        return SimulatedParts(
            parts,
            session.execute(kept).scalar_one(),
            words,
            waiting=session.execute(waiting).scalar_one(),
        )


def remove_simulated(db: Database, who: str, cancelled: Callable[[], bool] = lambda: False) -> SimulatedParts:
    """Remove them, oldest first; one entry in the trail counts them.

    A file is gone before its row, so that a crash leaves no file behind. What a station just records stays until its
    picture is written. `cancelled` is asked between transactions. Raises StorageError when the archive or the database
    cannot be had.
    """
    done, after = SimulatedParts(), ""
    if simulated(db).pictures:
        check_archive(db.archive)
    try:
        while not cancelled():
            with db.session() as session:
                batch = list(session.scalars(_next(after)))
            if not batch:
                break
            done, after = _sum(done, _remove(db, batch)), batch[-1]
            time.sleep(PAUSE_S)
        return done
    finally:
        if done.parts:
            tidy(db.archive, utc_now())
            said = f"{done.parts} parts, {done.pictures} pictures, {done.bytes / 1e6:.1f} MB, {done.words} words"
            trail.record(db, who, REMOVED, said)


def _next(after: str) -> Select[str]:
    pending = select(PictureRow.inspection_id).where(
        PictureRow.inspection_id == InspectionRow.id, PictureRow.state == PENDING
    )
    rows = select(InspectionRow.id).where(_SIMULATED, InspectionRow.id > after, ~pending.exists())
    return rows.order_by(InspectionRow.id).limit(BATCH)


def _remove(db: Database, batch: Sequence[str]) -> SimulatedParts:
    """One transaction: the files, then the rows of every part whose files are gone."""
    size, pictures = 0, set[str]()
    failed: dict[str, str] = {}
    with db.writing() as session:
        for id_, image, heat, mask in session.execute(_files(batch)).all():
            try:
                size += sum(unlink(db.archive, path) for path in (heat, mask, image))
                pictures |= {id_} if image else set()
            except LinesideError as error:
                failed[id_] = error.message
        gone = [id_ for id_ in batch if id_ not in failed]
        words = _delete(session, gone)
    return SimulatedParts(len(gone), len(pictures), words, size, tuple(failed.items()))


def _files(batch: Sequence[str]) -> Select[str, str | None, str | None, str | None]:
    """Of each part its picture and heat map, once for each mask that was painted on it."""
    files = select(InspectionRow.id, PictureRow.image, PictureRow.heat, OverrideRow.mask)
    files = files.outerjoin(PictureRow, PictureRow.inspection_id == InspectionRow.id)
    painted = and_(OverrideRow.inspection_id == InspectionRow.id, OverrideRow.mask.is_not(None))
    return files.outerjoin(OverrideRow, painted).where(InspectionRow.id.in_(batch))


def _delete(session: Session, ids: Sequence[str]) -> int:
    """All rows of these parts, in an order in which nothing refers to what is gone; returns how many words went."""
    said = select(OverrideRow.id).where(OverrideRow.inspection_id.in_(ids))
    words = sum(
        session.execute(select(func.count()).where(row.inspection_id.in_(ids))).scalar_one()
        for row in (OverrideRow, CommentRow)
    )
    session.execute(delete(ExportItemRow).where(ExportItemRow.override_id.in_(said)))
    for row in (StandingRow, OverrideRow, CommentRow, RandomAuditRow, PictureRow):
        session.execute(delete(row).where(row.inspection_id.in_(ids)))
    session.execute(delete(InspectionRow).where(InspectionRow.id.in_(ids), _SIMULATED))
    return words


def _sum(one: SimulatedParts, other: SimulatedParts) -> SimulatedParts:
    return SimulatedParts(
        one.parts + other.parts,
        one.pictures + other.pictures,
        one.words + other.words,
        one.bytes + other.bytes,
        (*one.failed, *other.failed)[:TOLD],
    )
