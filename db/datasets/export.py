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

from db.datasets.samples import TRUTHS, Confirmed, Roles, Unusable, confirmed, roles, sample
from db.datasets.sift import Grouping, Sifted, check_has_picture, group_of, grouping_of, sift
from db.datasets.writers import Format, Writer, writer
from db.images.archive import Archive
from db.inspections import overrides
from db.inspections.table import ANY, Filter, conditions
from db.store.schema import ExportItemRow, ExportRow, InspectionRow, OverrideRow, PictureRow, StandingRow
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import utc_now
from engine.errors import InputError, LinesideError, StorageError, UsageError


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written. `skipped`: inspection id and why it could not go in."""

    folder: Path
    items: int
    by_label: dict[str, int]
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export for teaching would hold, before anything is written."""

    parts: int
    """Confirmed or overruled, all of them."""
    kept: int
    """Will be exported."""
    new: int
    """Of the kept ones, those no export held yet."""
    copies: int
    """Left out: the same pixels are there already."""
    missing: int
    """Left out: their picture was not archived."""
    conflicts: tuple[tuple[str, ...], ...]
    """Held back: inspection ids of one picture of which different things were said."""
    by_label: dict[str, int]
    """What was said of the kept ones; an empty label: NG, but not of which class."""
    grouping: Grouping
    """What is not torn apart by the split."""
    lots: int


def plan(db: Database, products: frozenset[str] | None = None) -> ExportPlan:
    """Look at what waits; reads rows only, no pictures. `products`: as in Filter."""
    parts = confirmed(db, Filter(products=products))
    sifted = sift(parts)
    there, missing = [], 0
    for part in sifted.kept:
        try:
            check_has_picture(part)
            there.append(part)
        except Unusable:
            missing += 1
    with db.session() as session:
        known = set(session.scalars(select(ExportItemRow.override_id).distinct()))
    return ExportPlan(
        parts=len(parts),
        kept=len(there),
        new=sum(p.override.id not in known for p in there),
        copies=len(sifted.copies),
        missing=missing,
        conflicts=tuple(tuple(p.stored.inspection.id for p in c) for c in sifted.conflicts),
        by_label=dict(Counter(_said(p) for p in there)),
        grouping=grouping_of(there),
        lots=len({p.stored.inspection.traveller.lot for p in there} - {""}),
    )


def _said(part: Confirmed) -> str:
    verdict = part.stored.inspection.verdict
    same = verdict.outcome is part.override.outcome
    return part.override.label or (verdict.label if same else "")


def export(
    db: Database,
    out: Path,
    fmt: Format = "lineside",
    filter: Filter | None = None,
    classes: Sequence[str] | None = None,
    ok_classes: Sequence[str] | None = None,
    by: str = "",
    *,
    to_teach: bool = False,
) -> ExportReport:
    """Write the parts with an override in force that says OK or NG, whose picture is there, into the folder `out`.

    `out` appears complete or not at all. `classes` and `ok_classes`: left out, the models' and the inspectors'.
    `to_teach`: copies and contradictions are left out, and lots kept together (datasets.sift); `skipped` tells of them.
    Raises UsageError for an unknown format, InputError when `out` holds something or there is nothing to export,
    StorageError when the disk fails.
    """
    out = out.absolute()
    _check_wanted(out, fmt)
    parts = confirmed(db, filter or ANY)
    if not parts:
        raise InputError("There are no confirmed parts to export.", "Confirm or overrule some verdicts first.")
    known = roles(db, parts, classes, ok_classes)
    sifted = sift(parts) if to_teach else Sifted(tuple(parts), (), ())
    try:
        written, skipped = _write_whole(db, sifted, known, out, fmt, lots=to_teach)
    except OSError as error:
        raise StorageError(
            f"{out} could not be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    _record(db, out, fmt, written, by)
    by_label = Counter(label for _, label in written)
    return ExportReport(out, len(written), dict(by_label), tuple(skipped))


def waiting(db: Database, products: frozenset[str] | None = None) -> int:
    """Overrides in force that say OK or NG, whose picture may be had, and which no export holds yet."""
    exported = select(ExportItemRow.override_id).where(ExportItemRow.override_id == OverrideRow.id).exists()
    rows = (
        select(func.count(StandingRow.inspection_id))
        .join(OverrideRow, OverrideRow.id == StandingRow.override_id)
        .join(InspectionRow, InspectionRow.id == StandingRow.inspection_id)
        .outerjoin(PictureRow, PictureRow.inspection_id == StandingRow.inspection_id)
        .where(OverrideRow.outcome.in_(TRUTHS), ~exported)
        .where(or_(PictureRow.image.is_not(None), InspectionRow.pixels_sha256.is_not(None)))
        .where(*conditions(Filter(products=products)))
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


def _write_whole(
    db: Database, sifted: Sifted, known: Roles, out: Path, fmt: Format, *, lots: bool
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """`_write`, beside `out`; the folder takes its place when it is complete. Raises OSError."""
    staging = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        written, skipped = _write(db, sifted, known, writer(fmt, staging, known, out.name), lots=lots)
        if not written:
            parts = len(written) + len(skipped)
            raise InputError(f"None of {parts} confirmed parts can be exported: {skipped[0][1]}.", _ARCHIVE_THEM)
        if out.exists():
            out.rmdir()
        staging.rename(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return written, skipped


def _write(
    db: Database, sifted: Sifted, known: Roles, into: Writer, *, lots: bool
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(override id, label) of what was written; (inspection id, reason) of what was not."""
    archive = Archive(db.archive_folder)
    written: list[tuple[str, str]] = []
    skipped = [(p.stored.inspection.id, sifted.reason(p)) for p in (*sifted.held_back, *sifted.copies)]
    grouping: Grouping = grouping_of(sifted.kept) if lots else "part"
    for part in sifted.kept:
        try:
            mask = overrides.read_mask(db, part.override)
            made = sample(archive, part, known, mask, group_of(part, grouping))
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
