"""Model versions: register a package, activate it for a product, go back to the one before.

Each product's history is a stack kept as an append-only list: activating pushes, rolling back pops. So rolling back
twice goes two models back instead of returning to the one just left. `product` is a product's id everywhere; empty:
the station's first one, whose are the activations of before there were products.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from db.products.acts import add_model, set_recipe_in
from db.products.shelf import Product, product_in, recipes_before
from db.store.schema import ActivationRow, GateRow, ModelRow, ProductActRow
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import utc_now
from engine.errors import InputError, PackageError, StorageError
from engine.packages.manifest import Lineage
from engine.packages.package import MANIFEST, ModelPackage, check_unchanged, open_package
from engine.recipes.file import RecipeHead, read_head
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
    """For the product that was asked for."""
    registered_at: datetime
    metrics: dict[str, Any]
    parent: str
    """Version it was fine-tuned from; empty when none."""
    lineage_note: str


@dataclass(frozen=True, slots=True)
class Activation:
    """One change of a product's active model."""

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


def register_for(db: Database, product: str, package_path: Path, by: str) -> ModelVersion:
    """`register`, as one of this product's models (by its id)."""
    version = register(db, package_path, by).version
    add_model(db, product, version, by)
    return find(db, version, product)


def activate(db: Database, version: str, by: str, why: str = "", product: str = "") -> ModelVersion:
    """Make a registered model a product's active one. Raises InputError for an unknown one, and where the recipe in
    force is bound to another one, PackageError for a damaged one.
    """
    open_package(find(db, version).folder)
    with db.writing() as session:
        push(session, db.folder, version, by, why, product)
    return find(db, version, product)


def push(session: Session, folder: Path, version: str, by: str, why: str, product: str = "") -> None:
    """`activate` in this transaction; nothing happens where it is the active one. `folder` is the database's."""
    check_free(product_in(session, folder, product), version)
    put_in_force(session, version, by, why, product)


def put_in_force(session: Session, version: str, by: str, why: str, product: str) -> None:
    """`push` whatever the recipe in force says: for whoever puts the recipe in force that is bound to this version."""
    stack = _stack(session, product)
    if not stack or stack[-1] != version:
        _append(session, version, by, why, product, rollback=False)


def rollback(db: Database, by: str, why: str = "", product: str = "") -> ModelVersion:
    """Back to the model active before for this product. Raises InputError when there is none, and where the recipe in
    force is bound to another one, PackageError when it is damaged.
    """
    with db.writing() as session:
        stack = _stack(session, product)
        if len(stack) < 2:
            raise InputError("There is no model to go back to.", "Activate another model from the list.")
        check_free(product_in(session, db.folder, product), stack[-2])
        _go_back(db, session, stack[-2], by, why, product)
    return find(db, stack[-2], product)


def withdraw(db: Database, version: str, by: str, why: str, product: str = "") -> ModelVersion | None:
    """Take a model that failed its proof out of force: back to the one before, with the reason in the history. A recipe
    that was put in force for it meanwhile goes with it, back to the last one that the model before may judge by.

    None, and nothing is changed, when another model is active by now or there is none to go back to.
    """
    with db.writing() as session:
        stack = _stack(session, product)
        if len(stack) < 2 or stack[-1] != version:
            return None
        _go_back(db, session, stack[-2], by, why, product)
        judged = product_in(session, db.folder, product)
        bound = bound_by(judged.recipe) if judged is not None else None
        if judged is not None and bound is not None and bound.model != stack[-2]:
            set_recipe_in(session, db.folder, judged.id, _recipe_for(session, db.folder, judged, stack[-2]), by, why)
    return find(db, stack[-2], product)


def active(db: Database, product: str = "") -> ModelVersion | None:
    """A product's active model; None until one was activated for it."""
    with db.session() as session:
        stack = _stack(session, product)
        return _model(db, session.get_one(ModelRow, stack[-1]), stack[-1], stack, frozenset()) if stack else None


def list_models(db: Database, product: str = "") -> tuple[ModelVersion, ...]:
    """All registered models, newest first, with what each is for this product."""
    with db.session() as session:
        past = {a.version: a.at for a in session.scalars(_of(session, product))}
        decided = {g.candidate: g for g in session.scalars(select(GateRow).order_by(GateRow.serial))}
        rejected = {v for v, g in decided.items() if g.decision == REJECTED and (v not in past or past[v] < g.at)}
        stack = _stack(session, product)
        now = stack[-1] if stack else None
        rows = session.scalars(select(ModelRow).order_by(ModelRow.registered_at.desc(), ModelRow.version))
        return tuple(_model(db, row, now, tuple(past), rejected) for row in rows)


def activations(db: Database, product: str = "") -> tuple[Activation, ...]:
    """Every change of a product's active model, oldest first."""
    with db.session() as session:
        rows = session.scalars(_of(session, product))
        return tuple(Activation(r.version, r.at, r.who, r.why, r.rollback) for r in rows)


def check_free(product: Product | None, version: str) -> None:
    """Raises InputError where the recipe in force was made for another model: else one would be called the active one
    while the other judges."""
    bound = bound_by(product.recipe) if product is not None else None
    if bound is not None and bound.model != version:
        raise InputError(
            f"The recipe in force, {bound.name} {bound.version}, was made for model {bound.model}.",
            f"To judge by {version}, change over to another recipe first, or save this one for any model.",
        )


def bound_by(recipe: Path | None) -> RecipeHead | None:
    """What a recipe file that is bound to one model says of itself; None for one that serves any, or cannot be read."""
    try:
        head = None if recipe is None else read_head(recipe)
    except InputError:
        return None
    return head if head is not None and head.model else None


def _recipe_for(session: Session, folder: Path, product: Product, version: str) -> Path | None:
    """The recipe that was in force last for this product and lets this model judge; None = the model's own limits."""
    for recipe in recipes_before(session, folder, product.id):
        bound = bound_by(recipe)
        if bound is None or bound.model == version:
            return recipe
    return None


def _of(session: Session, product: str) -> Select[ActivationRow]:
    """A product's activations, oldest first."""
    first = session.scalars(select(ProductActRow.product).order_by(ProductActRow.serial).limit(1)).first() or ""
    mine = {product or first, *([""] if product in ("", first) else [])}
    return select(ActivationRow).where(ActivationRow.product.in_(mine)).order_by(ActivationRow.serial)


def _stack(session: Session, product: str) -> list[str]:
    stack: list[str] = []
    for row in session.scalars(_of(session, product)):
        if row.rollback:
            stack.pop()
        else:
            stack.append(row.version)
    return stack


def _go_back(db: Database, session: Session, version: str, by: str, why: str, product: str) -> None:
    open_package(db.folder / session.get_one(ModelRow, version).folder)
    _append(session, version, by, why, product, rollback=True)


def _append(session: Session, version: str, by: str, why: str, product: str, *, rollback: bool) -> None:
    values = {"version": version, "rollback": rollback, "at": utc_now(), "who": by, "why": why, "product": product}
    session.execute(insert(ActivationRow), [values])
    judged = product_in(session, Path(), product) if product else None
    whose = f"{version} for {judged.name}" if judged is not None else version
    audit.note(session, by, "model rolled back" if rollback else "model activated", f"{whose} {why}".strip())


def find(db: Database, version: str, product: str = "") -> ModelVersion:
    """One registered model, with what it is for this product. Raises InputError for an unknown one."""
    for model in list_models(db, product):
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
