"""What judges the parts of a product: the one answer that the line, the pages, the command line and the records share.

The model that judges is the product's active one. A recipe that is bound to a version makes that the active one when
it is put in force (`put_in_force`), so that no start, change-over or roll-back leaves one model active and another one
judging. Only a model that was asked for by name for one run stands outside of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from db.models import registry
from db.models.registry import ModelVersion, activate, active, list_models, register
from db.products.acts import set_recipe_in
from db.products.first import product_of
from db.products.shelf import Product, find, list_products, usable
from db.store.session import Database
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import InputError, PackageError
from engine.names import path_of
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import RecipeHead, default_recipe, load_recipe, read_head, with_saving, without_review
from engine.settings import StationSettings
from engine.system.places import demo_package, shipped_packages


@dataclass(frozen=True, slots=True)
class Judge:
    """A model and a recipe for the parts of a product."""

    product: Product
    package: Path
    """Where the model's package is."""
    recipe: Path | None
    """The recipe's file; None = the model's own limits."""
    version: str
    """The registered version that is the product's active one, or will be: `put_in_force`. Empty: a model that was
    asked for by name, which judges this run alone."""


def judge_of(db: Database, product: Product, recipe: str = "", wanted: str = "") -> Judge:
    """What judges by this recipe file ('' = the model's own limits); `wanted`: a model for this run alone.

    Changes nothing, but that a station on its first start registers the shipped models. Raises InputError for another
    product's recipe, and for one that is bound to a model that is not here or was rejected, PackageError.
    """
    path = path_of(recipe).absolute() if recipe else None
    head = None if path is None else read_head(path)
    if head is not None:
        _check_product(db, product, head)
    if wanted:
        return Judge(product, choose_place(db, wanted, product.id), path, "")
    if head is not None and head.model:
        model = _bound(db, product, head)
    else:
        model = active(db, product.id) or _first_model(db, product)
    return Judge(product, model.folder, path, model.version)


def put_in_force(db: Database, judge: Judge, by: str) -> Product:
    """From now on this recipe is the product's, and the model that judges by it its active one; in one transaction.

    Returns the product as it is then.
    """
    now = active(db, judge.product.id)
    same = not judge.version or (now is not None and now.version == judge.version)
    if same and judge.product.recipe == judge.recipe:
        return judge.product
    named = "" if judge.recipe is None else f"by recipe {read_head(judge.recipe).name}"
    with db.writing() as session:
        set_recipe_in(session, db.folder, judge.product.id, judge.recipe, by, "")
        if judge.version:
            registry.put_in_force(session, judge.version, by, named, judge.product.id)
    return find(db, judge.product.id)


def asked_for(
    db: Database,
    settings: StationSettings,
    product: str = "",
    recipe: str = "",
    model: str = "",
    *,
    instead: bool = False,
) -> tuple[Product, str]:
    """The product, and the recipe's file ('' = the model's own limits): what was asked for, else what the station
    worked on last and is judged by. With a model that was asked for by name, its own limits. `instead`: as product_of.

    Raises InputError for an unknown product. A recipe that cannot be read is told by whoever opens it.
    """
    whose = _whose(db, path_of(recipe)) if recipe and not product else None
    found = whose or product_of(db, product, settings, model, instead=instead)
    if recipe or model or found.recipe is None:
        return found, recipe
    return found, str(found.recipe)


def choose_package(db: Database | None, wanted: str = "", product: str = "") -> ModelPackage:
    """`wanted` is a path, or a registered version (its first digits will do) or name; empty = the active one of this
    product (by its id; '' = the first one).

    With no model active yet, the shipped demo model is registered and activated. Raises PackageError.
    """
    return open_package(choose_place(db, wanted, product))


def choose_place(db: Database | None, wanted: str = "", product: str = "") -> Path:
    """Where the package is that `choose_package` opens. Raises PackageError."""
    if wanted:
        return _asked_for(db, wanted)
    if db is None:
        return demo_package()
    version = active(db, product)
    if version is None:
        mine = next((p for p in list_products(db) if p.id == product), None)
        version = _first_start(db) if mine is None or mine.first else _first_model(db, mine)
    return version.folder


def choose_recipe(
    package: ModelPackage, path: str = "", *, review_band: bool = True, saving: SavingPolicy | None = None
) -> Recipe:
    """The recipe file asked for, or the package's own limits. Raises InputError.

    Without its `review_band` every part is OK or NG; `saving` says which pictures are kept instead of the recipe.
    """
    recipe = load_recipe(path_of(path), package) if path else default_recipe(package)
    if not review_band:
        recipe = without_review(recipe)
    return recipe if saving is None else with_saving(recipe, saving)


def product_of_recipe(known: tuple[Product, ...], head: RecipeHead) -> Product | None:
    """Whose recipe a file is; the first product's where it names none, None where that product is not here."""
    return next((p for p in known if (p.is_called(head.product) if head.product else p.first)), None)


def _whose(db: Database, recipe: Path) -> Product | None:
    try:
        whose = product_of_recipe(list_products(db), read_head(recipe))
    except InputError:
        return None
    return None if whose is None else usable(whose)


def _check_product(db: Database, product: Product, head: RecipeHead) -> None:
    whose = product_of_recipe(list_products(db), head)
    if whose is None:
        raise InputError(
            f"The recipe {head.name} is of the product {head.product!r}, which is not here.",
            f"Make that product, or write `product = {product.name!r}` into the recipe.",
        )
    if whose.id != product.id:
        raise InputError(
            f"The recipe {head.name} is of the product {whose.name!r}, not of {product.name!r}.",
            f"Change over to {whose.name!r}, or choose another recipe.",
        )


def _bound(db: Database, product: Product, head: RecipeHead) -> ModelVersion:
    """The version that this recipe is bound to."""
    model = next((m for m in list_models(db, product.id) if m.version == head.model), None)
    if model is None:
        raise InputError(
            f"The recipe {head.name} was made for model {head.model}, which is not registered here.",
            "Import that model, or save the recipe for any model.",
        )
    if model.state == "rejected":
        raise InputError(
            f"The recipe {head.name} was made for model {head.model}, which was rejected.",
            "Choose another recipe, or activate that model with a reason first.",
        )
    return model


def _first_model(db: Database, product: Product) -> ModelVersion:
    if product.first:
        return _first_start(db)
    raise InputError(
        f"The product {product.name!r} has no model yet.", "Activate one for it, or teach it in on the Models page."
    )


def _first_start(db: Database) -> ModelVersion:
    """Register every shipped demo model and activate the one that serves best."""
    best = register(db, demo_package(), "lineside")
    for other in shipped_packages():
        register(db, other, "lineside")
    return activate(db, best.version, "lineside", "first start")


def _asked_for(db: Database | None, wanted: str) -> Path:
    path = path_of(wanted)
    if path.exists():
        return path
    known = list_models(db) if db is not None else ()
    found = [m for m in known if m.version.startswith(wanted)] or [m for m in known if m.name == wanted]
    if len(found) == 1:
        return found[0].folder
    if found:
        raise PackageError(f"{wanted} names {len(found)} registered models.", "Give more digits of the version.")
    shipped = demo_package(wanted)
    if path.name == wanted and (shipped / "manifest.json").exists():
        return shipped
    raise PackageError(
        f"There is no model package {wanted}.",
        "Give a package's folder or zip, or a version `lineside models list` shows.",
    )
