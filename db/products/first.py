"""The product a run works on; a station that knows none yet becomes one product with all it has."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from db.products.acts import MAX_NAME, checked_name, make_in, set_recipe_in
from db.products.shelf import Product, list_products, one_of, products_in, remembered, usable
from db.store.schema import ActivationRow, InspectionRow, ModelRow
from db.store.session import Database
from engine.errors import InputError
from engine.names import path_of
from engine.recipes.file import read_head
from engine.settings import StationSettings
from engine.system.places import demo_package

BY = "lineside"
DEMO = "Demo plates"
"""What the shipped models judge."""
_OF_BEFORE = (ActivationRow.serial, InspectionRow.id)
"""A station without any of these has nothing yet."""


def product_of(
    db: Database, asked: str = "", settings: StationSettings | None = None, model: str = "", *, instead: bool = False
) -> Product:
    """The product asked for by name; else the one the station worked on last; else its first one.

    Where there is none, all the station has becomes the first; `model`: asked for on a station that has nothing yet.
    Raises InputError for an unknown or retired one. `instead`: where the last one is retired, the first in use does,
    for whoever tells that.
    """
    known = list_products(db) or (_all_as_one(db, settings.recipe if settings else "", path_of(model).stem),)
    if asked:
        return usable(one_of(known, asked))
    last = settings.product if settings else ""
    now = remembered(known, last)
    if now is None:
        raise InputError("All products are retired.", "Restore one, or make a new one.")
    gone = next((product for product in known if last and product.retired and product.is_called(last)), None)
    if gone is not None and not instead:
        raise InputError(
            f"The product {gone.name!r}, which was worked on last, is retired.",
            "Name another one with --product, or restore it with `lineside products restore`.",
        )
    return now


def known_product(
    db: Database, asked: str = "", settings: StationSettings | None = None, *, instead: bool = False
) -> Product | None:
    """`product_of` for whoever only looks, or decides on models: a station that has nothing yet stays without one."""
    with db.session() as session:
        # A line that was always given its model by name has parts and no activation: they are the first product's too.
        nothing = all(session.scalars(select(kept).limit(1)).first() is None for kept in _OF_BEFORE)
    return None if nothing and not asked and not list_products(db) else product_of(db, asked, settings, instead=instead)


def _all_as_one(db: Database, recipe: str, otherwise: str) -> Product:
    """Models, rows and recipes of before become those of one product; `recipe`: the file in force, where there is one.
    It is called like that recipe, else like the active model, where it is not a shipped one.

    In force it stays: whoever upgrades changes nothing of what judges.
    """
    path = path_of(recipe).absolute() if recipe else None
    with db.writing() as session:
        found = products_in(session, db.folder)
        if not found:
            # The last row names the active model, also where it was rolled back to.
            last = select(ActivationRow.version).order_by(ActivationRow.serial.desc()).limit(1)
            model = session.scalars(select(ModelRow).where(ModelRow.version.in_(last))).first()
            shipped = model.registered_by == BY if model is not None else demo_package(otherwise).exists()
            name = _recipe_name(path) or (DEMO if shipped else model.name if model is not None else otherwise)
            id = make_in(session, db.folder, _as_name(name), BY, "all the station had before there were products")
            set_recipe_in(session, db.folder, id, path, BY, "in force before there were products")
            found = products_in(session, db.folder)
    return found[0]


def _recipe_name(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        head = read_head(path)
    except InputError:
        return ""
    return head.product or head.name


def _as_name(name: str) -> str:
    try:
        return checked_name(name[:MAX_NAME])
    except InputError:
        return DEMO
