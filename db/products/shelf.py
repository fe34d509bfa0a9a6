"""The station's products, each folded from its acts, which are only ever added.

A product is known by every name it ever had: rows and recipe files keep the name of their day and need no rewriting.
What is of before there were products belongs to the first one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.store.schema import ProductActRow
from db.store.session import Database
from engine.errors import InputError
from engine.names import path_of

MADE, RENAMED, RETIRED, RESTORED = "made", "renamed", "retired", "restored"
RECIPE, MODEL, COLLECTION, CHALLENGE = "recipe", "model", "collection", "challenge"
"""What an act is; the first four change the product itself, the others say what belongs to it."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it is now. `id` never changes; the first product of a station without acts has none."""

    id: str
    name: str
    former_names: tuple[str, ...] = ()
    first: bool = False
    """What is of before there were products is this one's."""
    retired: bool = False
    recipe: Path | None = None
    """The recipe file in force, or last in force; None = the model's own limits."""
    models: tuple[str, ...] = ()
    """Versions that were brought in or trained for it."""
    collection: str = ""
    """Folder of the pictures collected at its teach-in, by its name."""
    challenge: Path | None = None
    """Folder of known parts; None = what the active model's package names."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it ever had."""
        return (self.name, *self.former_names)

    @property
    def on_record(self) -> frozenset[str]:
        """The names its rows bear; '' among them for those of before there were products."""
        return frozenset((*self.names, "") if self.first else self.names)

    def is_called(self, name: str) -> bool:
        """Whether it bears this name or once did, however it is spelled in large and small letters."""
        return alike(name) in map(alike, self.names)


def alike(name: str) -> str:
    """What two names share that are taken for one."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def list_products(db: Database) -> tuple[Product, ...]:
    """All of them, retired ones too, in the order they were made."""
    with db.session() as session:
        return products_in(session, db.folder)


def products_in(session: Session, folder: Path) -> tuple[Product, ...]:
    """`list_products` within a transaction; `folder` is the database's."""
    found: dict[str, Product] = {}
    for row in session.scalars(select(ProductActRow).order_by(ProductActRow.serial)):
        if row.what == MADE:
            found[row.product] = Product(row.product, row.value, first=not found)
        elif row.product in found:
            found[row.product] = _after(found[row.product], row.what, row.value, folder)
    return tuple(found.values())


def product_in(session: Session, folder: Path, id: str) -> Product | None:
    """Within a transaction, the product of this id, or the first one for ''; None where there is none yet."""
    known = products_in(session, folder)
    return next((p for p in known if p.id == id or (p.first and not id)), None)


def by_id(db: Database, id: str) -> Product | None:
    """The product of this id, or the first one for ''; None where there is none yet."""
    with db.session() as session:
        return product_in(session, db.folder, id)


def recipes_before(session: Session, folder: Path, product: str) -> tuple[Path | None, ...]:
    """What was in force for the product of this id before the recipe that is now, the last one first."""
    put = (
        select(ProductActRow.value)
        .where(ProductActRow.product == product, ProductActRow.what == RECIPE)
        .order_by(ProductActRow.serial.desc())
        .offset(1)
    )
    return tuple(folder / path_of(value) if value else None for value in session.scalars(put))


def find(db: Database, wanted: str) -> Product:
    """The product of this name, present or former, or of this id. Raises InputError for an unknown one."""
    return one_of(list_products(db), wanted)


def one_of(known: Sequence[Product], wanted: str) -> Product:
    """`find` among these."""
    for product in known:
        if wanted and (product.id == wanted or product.is_called(wanted)):
            return product
    names = ", ".join(repr(product.name) for product in known if not product.retired)
    raise InputError(
        f"There is no product {wanted!r}.", f"Choose one of {names}." if names else "Make it with `products make`."
    )


def usable(product: Product) -> Product:
    """The same. Raises InputError for a retired one, which no line and no scan works on."""
    if product.retired:
        raise InputError(f"The product {product.name!r} is retired.", "Restore it, or choose another product.")
    return product


def remembered(known: Sequence[Product], last: str) -> Product | None:
    """The product the station worked on last, by its name; else its first one in use; None where there is none."""
    mine = [product for product in known if last and product.is_called(last)]
    return next((product for product in (*mine, *known) if not product.retired), None)


def _after(product: Product, what: str, value: str, folder: Path) -> Product:
    if what == RENAMED:
        former = (*product.former_names, product.name)
        return replace(product, name=value, former_names=tuple(n for n in dict.fromkeys(former) if n != value))
    if what in (RETIRED, RESTORED):
        return replace(product, retired=what == RETIRED)
    if what == RECIPE:
        return replace(product, recipe=folder / path_of(value) if value else None)
    if what == MODEL:
        return replace(product, models=tuple(dict.fromkeys((*product.models, value))))
    if what == COLLECTION:
        return replace(product, collection=value)
    return replace(product, challenge=folder / path_of(value) if value else None)
