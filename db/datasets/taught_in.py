"""What a teach-in ends with: a product with its first recipe, its model and its pictures, to be changed over to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from db.datasets.gates import activate_through
from db.models.registry import active, find
from db.products.acts import add_model, make_product, set_collection
from db.products.shelf import Product, list_products
from db.recipes.shelf import free_path, list_recipes, of_product, save
from db.store.session import Database
from engine.domain.recipe import Recipe, View
from engine.packages.package import open_package
from engine.recipes.file import default_recipe

WHY = "made at the teach-in"


def product_called(db: Database, name: str) -> Product | None:
    """The product of this name, present or former; None where there is none."""
    return next((product for product in list_products(db) if product.is_called(name)), None)


def take_into_use(
    db: Database, recipes: Path, name: str, version: str, by: str, why: str, seen_by: Recipe | None = None
) -> tuple[Product, Path | None]:
    """Make the product of this name where there is none, and this model its active one; blocking.

    Returns it with the recipe file to change over to. A product that has recipes keeps them; else its first one is made
    of the model's own limits, with depth, mosaic and camera as in `seen_by`, by which the pictures were taken.
    Raises InputError for a model that is not registered or without a reason, PackageError, StorageError.
    """
    package = open_package(find(db, version).folder)
    product = product_called(db, name) or make_product(db, name, by, WHY)
    now = active(db, product.id)
    # There is no gate for a product nothing is known of yet; the history says so.
    activate_through(db, version, now.version if now else "", by, why, {}, product.id)
    add_model(db, product.id, version, by)
    product = set_collection(db, product.id, name, by)
    if of_product(list_recipes(recipes), product):
        return product, product.recipe
    first = replace(default_recipe(package), name=product.name, product=product.name)
    if seen_by is not None:
        first = replace(first, view=View(bits=seen_by.view.bits, bayer=seen_by.view.bayer), camera=seen_by.camera)
    path = free_path(recipes, product.name)
    save(db, path, first, by, WHY)
    return product, path
