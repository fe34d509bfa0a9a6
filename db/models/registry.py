"""Model versions: register a package, activate it, go back to the one before.

The history is a stack kept as an append-only list: activating pushes, rolling back pops. So rolling back twice goes
two models back instead of returning to the one just left.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.store.schema import ActivationRow, GateRow, ModelRow
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import utc_now
from engine.errors import InputError, PackageError, StorageError
from engine.packages.manifest import Lineage
from engine.packages.package import MANIFEST, ModelPackage, check_unchanged, open_package
from engine.system.files import write_atomically

MODELS = "models"
ACTIVATED, REJECTED = "activated", "rejected"
"""How a gate ends."""

State = Literal["active", "candidate", "retired", "rejected"]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered model. Candidate: never active so far; retired: was active; rejected: the gate's last word."""

    version: str
    name: str
    kind: str
    folder: Path
    state: State
    registered_at: datetime
    metrics: dict[str, Any]
    parent: str
    """Version it was fine-tuned from; empty when none."""
    lineage_note: str


@dataclass(frozen=True, slots=True)
class Activation:
    """One change of the active model."""

    version: str
    at: datetime
    by: str
    why: str
    rollback: bool


def register(db: Database, package_path: Path, by: str) -> ModelVersion:
    """Verify a package (folder or zip), copy it to <db.folder>/models/<version> and note it; idempotent.

    Raises PackageError for a bad package, StorageError when it cannot be kept.
    """
    package = open_package(package_path)
    folder = db.folder / MODELS / package.version
    _keep(package, folder)
    with db.writing() as session:
        if session.get(ModelRow, package.version) is None:
            session.execute(insert(ModelRow), [_values(package, by)])
            audit.note(session, by, "model registered", f"{package.manifest.name} {package.version}")
    return find(db, package.version)


def activate(db: Database, version: str, by: str, why: str = "") -> ModelVersion:
    """Make a registered model the active one. Raises InputError for an unknown one, PackageError for a damaged one."""
    open_package(find(db, version).folder)
    with db.writing() as session:
        push(session, version, by, why)
    return find(db, version)


def push(session: Session, version: str, by: str, why: str) -> None:
    """Make it the active one in this transaction; nothing happens where it is."""
    stack = _stack(session)
    if not stack or stack[-1] != version:
        _append(session, version, by, why, rollback=False)


def rollback(db: Database, by: str, why: str = "") -> ModelVersion:
    """Back to the model active before. Raises InputError when there is none, PackageError when it is damaged."""
    with db.writing() as session:
        stack = _stack(session)
        if len(stack) < 2:
            raise InputError("There is no model to go back to.", "Activate another model from the list.")
        row = session.get_one(ModelRow, stack[-2])
        open_package(db.folder / row.folder)
        _append(session, row.version, by, why, rollback=True)
    return find(db, row.version)


def withdraw(db: Database, version: str, by: str, why: str) -> ModelVersion | None:
    """Take a model that failed its proof out of force: back to the one before, with the reason in the history.

    None, and nothing is changed, when another model is active by now or there is none to go back to.
    """
    now = active(db)
    if now is None or now.version != version:
        return None
    try:
        return rollback(db, by, why)
    except InputError:
        return None


def active(db: Database) -> ModelVersion | None:
    """The active model; None until one was activated."""
    with db.session() as session:
        stack = _stack(session)
        return _model(db, session.get_one(ModelRow, stack[-1]), stack[-1], stack, frozenset()) if stack else None


def list_models(db: Database) -> tuple[ModelVersion, ...]:
    """All registered models, newest first."""
    with db.session() as session:
        past = {a.version: a.at for a in session.scalars(select(ActivationRow).order_by(ActivationRow.serial))}
        decided = {g.candidate: g for g in session.scalars(select(GateRow).order_by(GateRow.serial))}
        rejected = {v for v, g in decided.items() if g.decision == REJECTED and (v not in past or past[v] < g.at)}
        stack = _stack(session)
        now = stack[-1] if stack else None
        rows = session.scalars(select(ModelRow).order_by(ModelRow.registered_at.desc(), ModelRow.version))
        return tuple(_model(db, row, now, tuple(past), rejected) for row in rows)


def activations(db: Database) -> tuple[Activation, ...]:
    """Every change of the active model, oldest first."""
    with db.session() as session:
        rows = session.scalars(select(ActivationRow).order_by(ActivationRow.serial))
        return tuple(Activation(r.version, r.at, r.who, r.why, r.rollback) for r in rows)


def _stack(session: Session) -> list[str]:
    stack: list[str] = []
    for row in session.scalars(select(ActivationRow).order_by(ActivationRow.serial)):
        if row.rollback:
            stack.pop()
        else:
            stack.append(row.version)
    return stack


def _append(session: Session, version: str, by: str, why: str, *, rollback: bool) -> None:
    values = {"version": version, "rollback": rollback, "at": utc_now(), "who": by, "why": why}
    session.execute(insert(ActivationRow), [values])
    audit.note(session, by, "model rolled back" if rollback else "model activated", f"{version} {why}".strip())


def find(db: Database, version: str) -> ModelVersion:
    """One registered model. Raises InputError for an unknown one."""
    for model in list_models(db):
        if model.version == version:
            return model
    raise InputError(f"The model {version} is not registered.", "Import its package first.")


def _model(
    db: Database, row: ModelRow, now: str | None, history: Sequence[str], rejected: Collection[str]
) -> ModelVersion:
    used: State = "retired" if row.version in history else "candidate"
    state: State = "active" if row.version == now else "rejected" if row.version in rejected else used
    return ModelVersion(
        version=row.version,
        name=row.name,
        kind=row.kind,
        folder=db.folder / row.folder,
        state=state,
        registered_at=row.registered_at,
        metrics=row.metrics,
        parent=row.parent,
        lineage_note=row.lineage_note,
    )


def _values(package: ModelPackage, by: str) -> dict[str, Any]:
    manifest = package.manifest
    return {
        "version": package.version,
        "name": manifest.name,
        "kind": manifest.kind,
        "folder": f"{MODELS}/{package.version}",
        "registered_at": utc_now(),
        "registered_by": by,
        "classes": [c.model_dump() for c in manifest.classes],
        "metrics": manifest.metrics,
        "parent": manifest.lineage.parent,
        "lineage_note": _lineage_note(manifest.lineage),
    }


def _lineage_note(lineage: Lineage) -> str:
    start = f"fine-tuned from {lineage.parent}" if lineage.parent else "trained"
    data = f" on {lineage.dataset}" if lineage.dataset else ""
    preset = f" with {lineage.preset}" if lineage.preset else ""
    return f"{start}{data}{preset}"


def _keep(package: ModelPackage, folder: Path) -> None:
    """Copy the listed files; the folder appears complete or not at all. A damaged copy is replaced."""
    if folder.exists():
        try:
            if open_package(folder).version == package.version:
                return
        except PackageError:
            pass
    staging = folder.with_name(f".{folder.name}.{threading.get_native_id()}.new")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        for name in (*package.manifest.files, MANIFEST):
            write_atomically(staging / name, (package.folder / name).read_bytes())
        check_unchanged(replace(package, folder=staging), *package.manifest.files)
        if folder.exists():
            shutil.rmtree(folder)
        staging.rename(folder)
    except OSError as error:
        raise StorageError(
            f"The model {package.version} could not be kept: {error.strerror}.", "Free some space and try again."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
