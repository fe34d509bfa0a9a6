"""What can be done with a product: each act is one row more, and one entry of the audit trail."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.products.shelf import (
    CHALLENGE,
    COLLECTION,
    MADE,
    MODEL,
    RECIPE,
    RENAMED,
    RESTORED,
    RETIRED,
    Product,
    alike,
    find,
    one_of,
    products_in,
)
from db.store.schema import ProductActRow
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import new_id, utc_now
from engine.errors import InputError
from engine.names import name_of

MAX_NAME = 60


def make_product(db: Database, name: str, by: str, why: str = "") -> Product:
    """A new product. Raises InputError where another one bears this name, or once did: its rows would be taken for
    this one's."""
    with db.writing() as session:
        id = make_in(session, db.folder, name, by, why)
    return find(db, id)


def make_in(session: Session, folder: Path, name: str, by: str, why: str) -> str:
    """`make_product` within a transaction; returns its id."""
    checked = checked_name(name)
    _check_free(session, folder, checked, None)
    id = new_id(utc_now())
    append(session, id, MADE, checked, by, why)
    audit.note(session, by, "product made", f"{checked} {why}".strip())
    return id


def rename(db: Database, product: str, name: str, by: str, why: str = "") -> Product:
    """Another name from now on; it goes on being known by the former ones. Raises InputError where it is taken."""
    checked = checked_name(name)
    with db.writing() as session:
        now = one_of(products_in(session, db.folder), product)
        _check_free(session, db.folder, checked, now.id)
        if now.name != checked:
            append(session, now.id, RENAMED, checked, by, why)
            audit.note(session, by, "product renamed", f"{now.name} to {checked} {why}".strip())
    return find(db, now.id)


def retire(db: Database, product: str, by: str, why: str = "") -> Product:
    """Out of use; all that was recorded stays. Raises InputError for the last one in use."""
    with db.writing() as session:
        known = products_in(session, db.folder)
        now = one_of(known, product)
        if all(other.retired for other in known if other.id != now.id):
            raise InputError(f"{now.name!r} is the only product in use.", "Make another one first.")
        if not now.retired:
            append(session, now.id, RETIRED, "", by, why)
            audit.note(session, by, "product retired", f"{now.name} {why}".strip())
    return find(db, now.id)


def restore(db: Database, product: str, by: str, why: str = "") -> Product:
    """A retired one comes back into use."""
    with db.writing() as session:
        now = one_of(products_in(session, db.folder), product)
        if now.retired:
            append(session, now.id, RESTORED, "", by, why)
            audit.note(session, by, "product restored", f"{now.name} {why}".strip())
    return find(db, now.id)


def add_model(db: Database, product: str, version: str, by: str) -> Product:
    """A model that was brought in or trained for it; nothing happens where it is known as such."""
    now = find(db, product)
    if version not in now.models:
        with db.writing() as session:
            append(session, now.id, MODEL, version, by, "")
    return find(db, now.id)


def set_collection(db: Database, product: str, folder: str, by: str) -> Product:
    """The pictures of its teach-in lie in the collection of this name."""
    now = find(db, product)
    if folder != now.collection:
        with db.writing() as session:
            append(session, now.id, COLLECTION, folder, by, "")
    return find(db, now.id)


def set_challenge(db: Database, product: str, folder: Path | None, by: str, why: str = "") -> Product:
    """Its known parts lie there; None: where its active model's package says."""
    now = find(db, product)
    if folder != now.challenge:
        with db.writing() as session:
            append(session, now.id, CHALLENGE, kept_path(folder, db.folder), by, why)
            audit.note(session, by, "challenge set chosen", f"{now.name}: {name_of(folder or '')}")
    return find(db, now.id)


def set_recipe_in(session: Session, folder: Path, product: str, recipe: Path | None, by: str, why: str) -> None:
    """Within a transaction: this recipe file is in force for it from now on. Nothing happens where it is."""
    now = session.scalars(
        select(ProductActRow.value)
        .where(ProductActRow.product == product, ProductActRow.what == RECIPE)
        .order_by(ProductActRow.serial.desc())
        .limit(1)
    ).first()
    value = kept_path(recipe, folder)
    if (now or "") != value:
        append(session, product, RECIPE, value, by, why)


def append(session: Session, product: str, what: str, value: str, by: str, why: str) -> None:
    """One act more."""
    values = {"product": product, "what": what, "value": value, "at": utc_now(), "who": by, "why": why}
    session.execute(insert(ProductActRow), [values])


def checked_name(name: str) -> str:
    """The name without spaces around it. Raises InputError for one that cannot be."""
    stripped = name.strip()
    if not stripped or len(stripped) > MAX_NAME or name_of(stripped) != stripped:
        raise InputError(
            f"{name_of(name)[:MAX_NAME]!r} is no name of a product.", f"Give 1 to {MAX_NAME} letters on one line."
        )
    return stripped


def kept_path(path: Path | None, folder: Path) -> str:
    """As an act holds it: relative where it lies in the data folder, which may be moved as a whole."""
    if path is None:
        return ""
    whole = path.absolute()
    return name_of(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)


def _check_free(session: Session, folder: Path, name: str, mine: str | None) -> None:
    for product in products_in(session, folder):
        if product.id == mine or not product.is_called(name):
            continue
        if alike(product.name) == alike(name):
            raise InputError(f"There is a product called {product.name!r} here.", "Choose another name.")
        raise InputError(f"The product {product.name!r} was once called {name!r}.", "Choose another name.")
