"""Checks that everything kept is there and whole."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.images.archive import Archive
from db.inspections.overrides import disagrees, standing_override
from db.maintenance.retention import REMOVED
from db.models import registry
from db.recording import pending
from db.store.schema import KEPT, LOST, PENDING, InspectionRow, OverrideRow, PictureRow, StandingRow
from db.store.session import Database
from engine.errors import LinesideError
from engine.packages.package import open_package

BATCH = 500


def verify(db: Database) -> list[str]:
    """All problems found, each one sentence; empty when all is well. Reads every archived file, so it takes time.

    Pictures that a station left pending when it broke down are settled first: they are kept or lost.
    """
    pending.recover(db)
    with db.session() as session:
        found = list(_file_problems(session))
        archive = db.archive
        found += _picture_problems(session, archive)
        found += _mask_problems(session, archive)
        found += _standing_problems(session)
    return found + _model_problems(db)


def _file_problems(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name != "sqlite":
        return
    for (line,) in session.execute(text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"The database file is damaged: {line}."
    for table, row, parent, *_ in session.execute(text("PRAGMA foreign_key_check")):
        yield f"Row {row} of {table} refers to a row of {parent} that is not there."


def _picture_problems(session: Session, archive: Archive) -> Iterator[str]:
    columns = (
        PictureRow.inspection_id,
        PictureRow.image,
        PictureRow.image_sha256,
        PictureRow.heat,
        PictureRow.heat_sha256,
        PictureRow.state,
        PictureRow.why,
    )
    for id_, image, image_sha256, heat, heat_sha256, state, why in session.execute(select(*columns)).yield_per(BATCH):
        if state == LOST:
            if (why or "").startswith(REMOVED):
                continue
            yield f"The picture of inspection {id_} is lost: {why}."
        elif state == PENDING:
            yield from _pending_problem(archive, image or "", id_)
        elif image:
            yield from _file_problem(archive, image, image_sha256, f"The picture of inspection {id_}")
        if heat and state == KEPT:
            yield from _file_problem(archive, heat, heat_sha256, f"The heat map of inspection {id_}")


def _pending_problem(archive: Archive, path: str, id_: str) -> Iterator[str]:
    """Of a station that runs, or broke down within the last minute: only its absence is worth a word."""
    try:
        archive.load(path)
    except LinesideError:
        yield f"The picture of inspection {id_} is not written yet."


def _mask_problems(session: Session, archive: Archive) -> Iterator[str]:
    columns = select(OverrideRow.id, OverrideRow.mask, OverrideRow.mask_sha256).where(OverrideRow.mask.is_not(None))
    for id_, mask, digest in session.execute(columns).yield_per(BATCH):
        yield from _file_problem(archive, mask or "", digest, f"The mask of override {id_}")


def _file_problem(archive: Archive, path: str, digest: str | None, what: str) -> Iterator[str]:
    try:
        same = archive.fingerprint(path).sha256 == digest
        if same:
            archive.load(path)
    except LinesideError as error:
        yield f"{what} cannot be read: {error.message}"
        return
    if not same:
        yield f"{what} was changed after it was archived: {path}."


def _standing_problems(session: Session) -> Iterator[str]:
    known = {row.inspection_id: row for row in session.scalars(select(StandingRow))}
    for id_ in session.scalars(select(OverrideRow.inspection_id).distinct()):
        row, kept = standing_override(session, id_), known.pop(id_, None)
        inspection = session.get(InspectionRow, id_)
        if inspection is None:
            yield f"An override refers to inspection {id_}, which is not there."
        elif (row.id if row else None) != (kept.override_id if kept else None):
            yield f"The override in force of inspection {id_} is not the last one."
        elif row and kept and kept.disagrees != disagrees(row, inspection):
            yield f"The override of inspection {id_} is filed wrongly as agreeing or disagreeing."
    yield from (f"Inspection {id_} has an override in force that was never given." for id_ in known)


def _model_problems(db: Database) -> list[str]:
    found = []
    for model in registry.list_models(db):
        try:
            open_package(model.folder)
        except LinesideError as error:
            found.append(f"The model {model.version} cannot be used: {error.message}")
    return found
