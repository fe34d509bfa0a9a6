"""The gate before a new model: what it is tried on, and how it ended. Decisions are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.datasets.samples import Confirmed, Unusable, confirmed, judged_pixels
from db.datasets.sift import check_has_picture, sift
from db.images.archive import Archive
from db.inspections.table import Filter
from db.models.registry import ACTIVATED, REJECTED, ModelVersion, find, push
from db.store.schema import ExportItemRow, ExportRow, GateRow
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import Outcome, utc_now
from engine.errors import InputError
from engine.gate.known import OVERRIDES, KnownPart, KnownSet
from engine.packages.package import open_package


@dataclass(frozen=True, slots=True)
class GateDecision:
    """One decision. `figures` is `GateResult.plain()`, or empty where the gate was skipped."""

    candidate: str
    against: str
    """The version that was active; empty = none."""
    decision: str
    """activated or rejected."""
    by: str
    why: str
    at: datetime
    figures: dict[str, Any]


def overrides_set(db: Database, dataset: str = "", products: frozenset[str] | None = None) -> KnownSet:
    """Every part with an override in force that says OK or NG and whose picture is kept; copies once, no conflicts.

    `dataset`: the data set the new model was taught with; its parts are marked `taught`. `products`: as in Filter.
    """
    archive, taught = Archive(db.archive_folder), _taught(db, dataset)
    parts = []
    for part in sift(confirmed(db, Filter(products=products))).kept:
        try:
            check_has_picture(part)
        except Unusable:
            continue
        parts.append(_known(archive, part, part.override.id in taught))
    return KnownSet(OVERRIDES, tuple(parts))


def gates(db: Database, candidate: str = "") -> tuple[GateDecision, ...]:
    """Decisions, newest first; of one model, or of all."""
    rows = select(GateRow).order_by(GateRow.serial.desc())
    if candidate:
        rows = rows.where(GateRow.candidate == candidate)
    with db.session() as session:
        return tuple(
            GateDecision(r.candidate, r.against, r.decision, r.who, r.why, r.at, dict(r.figures))
            for r in session.scalars(rows)
        )


def activate_through(
    db: Database, candidate: str, against: str, by: str, why: str, figures: Mapping[str, Any], product: str = ""
) -> ModelVersion:
    """Activate a model for a product (by its id; '' = the first one) and keep what its gate said, both or neither;
    empty `figures`: the gate was skipped.

    Raises InputError for an unknown model, without a reason, and where the recipe in force is bound to another one,
    PackageError for a damaged one.
    """
    _check_why(why)
    open_package(find(db, candidate).folder)
    with db.writing() as session:
        push(session, db.folder, candidate, by, why, product)
        _append(session, candidate, against, ACTIVATED, by, why, figures)
    return find(db, candidate, product)


def reject(
    db: Database, candidate: str, against: str, by: str, why: str, figures: Mapping[str, Any], product: str = ""
) -> ModelVersion:
    """Keep that a model was not taken. Raises InputError for an unknown or active model or without a reason."""
    _check_why(why)
    if find(db, candidate, product).state == "active":
        raise InputError(f"The model {candidate} is the active one.", "Roll back to the one before instead.")
    with db.writing() as session:
        _append(session, candidate, against, REJECTED, by, why, figures)
        audit.note(session, by, "model rejected", f"{candidate} {why}")
    return find(db, candidate, product)


def _append(
    session: Session, candidate: str, against: str, decision: str, by: str, why: str, figures: Mapping[str, Any]
) -> None:
    values = {
        "at": utc_now(),
        "candidate": candidate,
        "against": against,
        "decision": decision,
        "who": by,
        "why": why,
        "figures": dict(figures),
    }
    session.execute(insert(GateRow), [values])


def _check_why(why: str) -> None:
    if not why.strip():
        raise InputError("A decision at the gate needs a reason.", "Say why in a few words.")


def _known(archive: Archive, part: Confirmed, taught: bool) -> KnownPart:
    inspection, override = part.stored.inspection, part.override
    sound = override.outcome is Outcome.OK
    same = inspection.verdict.outcome is override.outcome
    label = override.label or (inspection.verdict.label if same else "")
    frame = inspection.frame
    return KnownPart(
        inspection.id, label, sound, partial(judged_pixels, archive, part), frame.bits, frame.bayer, taught
    )


def _taught(db: Database, dataset: str) -> set[str]:
    """The overrides in the exports to a folder of this name."""
    if not dataset:
        return set()
    with db.session() as session:
        folders = session.execute(select(ExportRow.serial, ExportRow.folder)).all()
        serials = [serial for serial, folder in folders if PurePath(folder).name == dataset]
        rows = select(ExportItemRow.override_id).where(ExportItemRow.export_serial.in_(serials))
        return set(session.scalars(rows))
