"""Confirmed parts as a data set. Only what an inspector said counts as truth, never the station's own verdict."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from sqlalchemy import func, insert, or_, select

from db import audit, overrides
from db.archive import Archive
from db.formats import Format, Writer, writer
from db.inspections import ANY, Filter
from db.samples import TRUTHS, Confirmed, Roles, Unusable, confirmed, roles, sample
from db.schema import ExportItemRow, ExportRow, InspectionRow, OverrideRow, PictureRow, StandingRow
from db.session import Database
from engine.domain import utc_now
from engine.errors import InputError, LinesideError, StorageError, UsageError


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written. `skipped`: inspection id and why it could not go in."""

    folder: Path
    items: int
    by_label: dict[str, int]
    skipped: tuple[tuple[str, str], ...]


def export(
    db: Database,
    out: Path,
    fmt: Format = "lineside",
    filter: Filter | None = None,
    classes: Sequence[str] | None = None,
    ok_classes: Sequence[str] | None = None,
    by: str = "",
) -> ExportReport:
    """Write the parts with an override in force that says OK or NG, whose picture is there, into the folder `out`.

    `out` appears complete or not at all. `classes` and `ok_classes`: left out, the models' and the inspectors'.
    Raises UsageError for an unknown format, InputError when `out` holds something or there is nothing to export,
    StorageError when the disk fails.
    """
    out = out.absolute()
    _check_wanted(out, fmt)
    parts = confirmed(db, filter or ANY)
    if not parts:
        raise InputError("There are no confirmed parts to export.", "Confirm or overrule some verdicts first.")
    known = roles(db, parts, classes, ok_classes)
    staging = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        written, skipped = _write(db, parts, known, writer(fmt, staging, known, out.name))
        if not written:
            raise InputError(f"None of {len(parts)} confirmed parts can be exported: {skipped[0][1]}.", _ARCHIVE_THEM)
        if out.exists():
            out.rmdir()
        staging.rename(out)
    except OSError as error:
        raise StorageError(
            f"{out} could not be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    _record(db, out, fmt, written, by)
    by_label = Counter(label for _, label in written)
    return ExportReport(out, len(written), dict(by_label), tuple(skipped))


def waiting(db: Database) -> int:
    """Overrides in force that say OK or NG, whose picture may be had, and which no export holds yet."""
    exported = select(ExportItemRow.override_id).where(ExportItemRow.override_id == OverrideRow.id).exists()
    rows = (
        select(func.count(StandingRow.inspection_id))
        .join(OverrideRow, OverrideRow.id == StandingRow.override_id)
        .join(InspectionRow, InspectionRow.id == StandingRow.inspection_id)
        .outerjoin(PictureRow, PictureRow.inspection_id == StandingRow.inspection_id)
        .where(OverrideRow.outcome.in_(TRUTHS), ~exported)
        .where(or_(PictureRow.image.is_not(None), InspectionRow.pixels_sha256.is_not(None)))
    )
    with db.session() as session:
        return session.execute(rows).scalar_one()


_ARCHIVE_THEM = "Let the recipe archive more pictures, or bring the missing ones back."


def _check_wanted(out: Path, fmt: str) -> None:
    if fmt not in get_args(Format):
        raise UsageError(f"There is no export format {fmt}.", f"Choose one of {', '.join(get_args(Format))}.")
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise InputError(f"{out} is not empty.", "Choose a new folder.")
    except OSError as error:
        raise StorageError(f"{out} cannot be read: {error.strerror}.", "Choose another folder.") from error


def _write(
    db: Database, parts: Sequence[Confirmed], known: Roles, into: Writer
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(override id, label) of what was written; (inspection id, reason) of what was not."""
    archive = Archive(db.archive_folder)
    written: list[tuple[str, str]] = []
    skipped: list[tuple[str, str]] = []
    for part in parts:
        try:
            made = sample(archive, part, known, overrides.read_mask(db, part.override))
            into.add(made)
            written.append((part.override.id, made.label))
        except Unusable as reason:
            skipped.append((part.stored.inspection.id, str(reason)))
        except InputError as error:
            skipped.append((part.stored.inspection.id, error.message))
    into.finish()
    return written, skipped


def _record(db: Database, out: Path, fmt: str, written: Sequence[tuple[str, str]], by: str) -> None:
    try:
        with db.writing() as session:
            values = {"at": utc_now(), "folder": str(out), "fmt": fmt, "items": len(written)}
            serial = session.scalars(insert(ExportRow).returning(ExportRow.serial), [values]).one()
            session.execute(insert(ExportItemRow), [{"export_serial": serial, "override_id": o} for o, _ in written])
            audit.note(session, by, "exported", f"{len(written)} parts as {fmt} to {out}")
    except LinesideError as error:
        raise StorageError(
            f"The export to {out} is complete, but could not be noted: {error.message}", error.remedy
        ) from error
