"""What each product can be run with: its recipes and its model, for whoever chooses one or looks after them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from db.models.registry import ModelVersion, active
from db.products.shelf import Product, list_products
from db.recipes.shelf import StoredRecipe, list_recipes, of_product, stored
from db.store.schema import InspectionRow
from db.store.session import Database
from engine.errors import InputError


@dataclass(frozen=True, slots=True)
class Overview:
    """One product with its recipes and its model."""

    product: Product
    recipes: tuple[StoredRecipe, ...]
    """Its own, by name; first the one in force where it lies in another folder."""
    model: ModelVersion | None
    """The active one; None = none was activated for it yet."""

    @property
    def in_force(self) -> StoredRecipe | None:
        """The recipe in force, or last in force; None = the model's own limits, or a file that cannot be read."""
        return next((recipe for recipe in self.recipes if recipe.path == self.product.recipe), None)

    @property
    def can_judge(self) -> bool:
        """Whether there is a model for it; the first product takes the shipped ones at its first start."""
        return self.model is not None or self.product.first or any(recipe.model for recipe in self.recipes)


def overview(db: Database, folder: Path) -> tuple[Overview, ...]:
    """Every product, retired ones too, in the order they were made; `folder`: where the recipes are. Blocking."""
    known = list_recipes(folder)
    return tuple(_look(db, product, known) for product in list_products(db))


def parts_by_name(db: Database) -> dict[str, int]:
    """How many parts bear each product's name. Blocking."""
    with db.session() as session:
        rows = session.execute(select(InspectionRow.product, func.count()).group_by(InspectionRow.product))
        return {str(name): int(count) for name, count in rows}


def parts_of(product: Product, by_name: dict[str, int]) -> int:
    """How many parts are of this product, under whichever of its names."""
    return sum(by_name.get(name, 0) for name in product.on_record)


def _look(db: Database, product: Product, known: Sequence[StoredRecipe]) -> Overview:
    mine = of_product(known, product)
    if product.recipe is not None and all(recipe.path != product.recipe for recipe in mine):
        # Whoever opens it says what is wrong.
        with suppress(InputError):
            mine = (stored(product.recipe), *mine)
    return Overview(product, mine, active(db, product.id))
