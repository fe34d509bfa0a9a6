"""Overrides: what the inspector said instead. Append-only; an undo is a further row that names what it undoes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session, aliased

from db.images.archive import Archive
from db.store.rows import override_of
from db.store.schema import ExportItemRow, ExportRow, InspectionRow, OverrideRow, StandingRow
from db.store.session import Database
from engine.domain.inspection import Mask, Outcome, Override, new_id
from engine.errors import InputError


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that holds an override. `folder` as it was named then."""

    at: datetime
    folder: str
    format: str


def add_override(db: Database, override: Override) -> Override:
    """Append an override; it is in force from here on. A painted mask goes to the archive first.

    Returns it as it is stored. Raises StorageError; InputError for an unknown inspection, NO VERDICT as the
    outcome, a mask of another size than the frame's, or regions that the inspection does not have.
    """
    mask, digest = _keep_mask(db, override)
    with db.writing() as session:
        inspection = session.get(InspectionRow, override.inspection_id)
        if inspection is None:
            raise InputError(f"There is no inspection {override.inspection_id}.", "Record it before overruling it.")
        _check(override, inspection)
        _append(session, override, mask, digest)
        _settle(session, inspection)
    return override


def undo_last(db: Database, operator: str, at: datetime) -> Override | None:
    """Take this operator's last override back: appends one with `undoes`. None when there is nothing to undo.

    The appended row repeats outcome and label of what it takes back; what counts then is the override before it.
    """
    with db.writing() as session:
        last = session.scalars(
            _not_undone().where(OverrideRow.operator == operator).order_by(OverrideRow.serial.desc()).limit(1)
        ).first()
        if last is None:
            return None
        undo = replace(override_of(last), id=new_id(at), at=at, why="undo", accepted_regions=None, undoes=last.id)
        _append(session, undo, None, None)
        inspection = session.get_one(InspectionRow, last.inspection_id)
        _settle(session, inspection)
    return undo


def history(db: Database, inspection_id: str) -> tuple[Override, ...]:
    """All overrides and undos of an inspection, oldest first."""
    with db.session() as session:
        rows = session.scalars(
            select(OverrideRow).where(OverrideRow.inspection_id == inspection_id).order_by(OverrideRow.serial)
        )
        return tuple(override_of(row) for row in rows)


def exports_of(db: Database, inspection_id: str) -> tuple[Exported, ...]:
    """The exports that overrides of an inspection went into, oldest first."""
    rows = (
        select(ExportRow.at, ExportRow.folder, ExportRow.fmt)
        .join(ExportItemRow, ExportItemRow.export_serial == ExportRow.serial)
        .join(OverrideRow, OverrideRow.id == ExportItemRow.override_id)
        .where(OverrideRow.inspection_id == inspection_id)
        .order_by(ExportRow.serial)
    )
    with db.session() as session:
        return tuple(Exported(*row) for row in session.execute(rows))


def in_force(db: Database, inspection_id: str) -> Override | None:
    """The override that counts now; None when there is none or all were undone."""
    with db.session() as session:
        row = standing_override(session, inspection_id)
        return override_of(row) if row else None


def read_mask(db: Database, override: Override) -> Mask | None:
    """The painted mask (H×W uint8, 0 or 255); None when nothing was painted. Raises PictureError when it is damaged."""
    if override.mask is not None:
        return override.mask
    with db.session() as session:
        path = session.scalars(select(OverrideRow.mask).where(OverrideRow.id == override.id)).first()
    return Archive(db.archive_folder).load_mask(path) if path else None


def standing_override(session: Session, inspection_id: str) -> OverrideRow | None:
    """Computed from the overrides alone: the last one that is no undo and was not undone."""
    rows = _not_undone().where(OverrideRow.inspection_id == inspection_id)
    return session.scalars(rows.order_by(OverrideRow.serial.desc()).limit(1)).first()


def disagrees(override: OverrideRow, inspection: InspectionRow) -> bool:
    """Whether the inspector said something else than the station: another outcome, or another class of defect."""
    if override.outcome != inspection.outcome:
        return True
    return override.outcome == Outcome.NG and bool(override.label) and override.label != inspection.label


def _not_undone() -> Select[OverrideRow]:
    undo = aliased(OverrideRow)
    undone = select(undo.serial).where(undo.undoes == OverrideRow.id).exists()
    return select(OverrideRow).where(OverrideRow.undoes.is_(None), ~undone)


def _append(session: Session, override: Override, mask: str | None, digest: str | None) -> None:
    values = {
        "id": override.id,
        "inspection_id": override.inspection_id,
        "at": override.at,
        "operator": override.operator,
        "outcome": str(override.outcome),
        "label": override.label,
        "why": override.why,
        "accepted_regions": None if override.accepted_regions is None else list(override.accepted_regions),
        "mask": mask,
        "mask_sha256": digest,
        "undoes": override.undoes,
    }
    session.execute(insert(OverrideRow), [values])


def _settle(session: Session, inspection: InspectionRow) -> None:
    """Bring `standing` up to date, in the same transaction."""
    session.execute(delete(StandingRow).where(StandingRow.inspection_id == inspection.id))
    row = standing_override(session, inspection.id)
    if row is not None:
        values = {"inspection_id": inspection.id, "override_id": row.id, "disagrees": disagrees(row, inspection)}
        session.execute(insert(StandingRow), [values])


def _check(override: Override, inspection: InspectionRow) -> None:
    if override.outcome is Outcome.NO_VERDICT:
        raise InputError("An override cannot say NO VERDICT.", "Choose OK, NG or REVIEW.")
    if override.undoes is not None:
        raise InputError("An undo is made by undo, not added.", "Use undo.")
    size = (inspection.height, inspection.width)
    if override.mask is not None and override.mask.shape != size:
        raise InputError("The painted mask has another size than the picture.", "Paint it again on this picture.")
    if any(not 0 <= index < len(inspection.regions) for index in override.accepted_regions or ()):
        raise InputError("The override names a region that the inspection does not have.", "Mark the regions again.")


def _keep_mask(db: Database, override: Override) -> tuple[str | None, str | None]:
    if override.mask is None:
        return None, None
    archive = Archive(db.archive_folder)
    path = archive.save_mask(override.id, override.at, override.mask)
    return path, archive.fingerprint(path).sha256
