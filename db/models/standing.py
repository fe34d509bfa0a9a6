"""What is in force for a product by now, and who put it there: a window is not alone, the command line decides too."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from db.models.registry import ModelVersion, activations, active
from db.products.shelf import RECIPE, Product, by_id
from db.store.schema import ActivationRow, ProductActRow
from db.store.session import Database

Marks = tuple[int, int]
"""How far activations and acts on products have come: while these are the same, nothing was decided."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One product as it is now, and its active model."""

    product: Product
    model: ModelVersion | None
    model_by: str
    """Who made that the active one; empty where nobody gave a name."""
    recipe_by: str
    """Who put the recipe in force; empty also where none ever was."""


def marks(db: Database) -> Marks:
    """Two short look-ups, along the primary keys."""
    with db.session() as session:
        acts = session.scalar(select(func.max(ProductActRow.serial)))
        return session.scalar(select(func.max(ActivationRow.serial))) or 0, acts or 0


def standing(db: Database, product: str) -> Standing | None:
    """Of the product of this id; None where there is none yet."""
    now = by_id(db, product)
    if now is None:
        return None
    past = activations(db, now.id)
    put = (
        select(ProductActRow.who)
        .where(ProductActRow.product == now.id, ProductActRow.what == RECIPE)
        .order_by(ProductActRow.serial.desc())
        .limit(1)
    )
    with db.session() as session:
        recipe_by = session.scalar(put) or ""
    return Standing(now, active(db, now.id), past[-1].by if past else "", recipe_by)
