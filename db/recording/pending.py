"""Pictures whose verdict was stored and whose station broke down before it said that they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic, sleep

from sqlalchemy import func, select

from db.inspections import table as inspections
from db.inspections.table import PictureMark
from db.store.schema import PENDING, PictureRow
from db.store.session import Database
from engine.domain.inspection import utc_now
from engine.errors import LinesideError

PATIENCE_S = 60.0
"""A pending picture younger than this may be in the hands of another program's recorder, which holds a few seconds."""
LOST = "the station stopped before it was written"
_LOOK_S = 0.1


def recover(db: Database, patience_s: float = PATIENCE_S) -> int:
    """Mark pending pictures that nobody will write any more: kept where the file is there and whole, else lost.

    Returns how many were lost. Leaves alone what this process is about to write and what is younger than
    `patience_s`. Raises StorageError.
    """
    old = utc_now() - timedelta(seconds=patience_s)
    wanted = select(PictureRow.inspection_id, PictureRow.image, PictureRow.heat)
    with db.session() as session:
        found = session.execute(wanted.where(PictureRow.state == PENDING, PictureRow.archived_at <= old)).all()
    marks = [
        _judged(db, id_, image, heat)
        for id_, image, heat in found
        if image is not None and db.archive.promised(image) is None
    ]
    inspections.add(db, (), marks)
    return sum(bool(mark.lost) for mark in marks)


def wait_until_written(db: Database, ids: Sequence[str], timeout_s: float = 5.0) -> bool:
    """Wait until none of these inspections' pictures is pending; False after `timeout_s` seconds."""
    rows = select(func.count(PictureRow.inspection_id)).where(PictureRow.state == PENDING)
    ends = monotonic() + timeout_s
    while True:
        with db.session() as session:
            parts = [ids[i : i + 500] for i in range(0, len(ids), 500)]
            left = sum(session.execute(rows.where(PictureRow.inspection_id.in_(p))).scalar_one() for p in parts)
        if not left or monotonic() >= ends:
            return not left
        sleep(_LOOK_S)


def _judged(db: Database, id_: str, image: str, heat: str | None) -> PictureMark:
    try:
        db.archive.load(image)
        of_image = db.archive.fingerprint(image)
    except LinesideError:
        return PictureMark(id_, lost=LOST)
    try:
        if heat is not None:
            db.archive.load(heat)
        of_heat = db.archive.fingerprint(heat) if heat is not None else None
    except LinesideError:
        return PictureMark(id_, image, of_image)
    return PictureMark(id_, image, of_image, heat, of_heat)
