"""Which model package and recipe a run uses: what was asked for, else the active one, else the shipped demo model."""

from __future__ import annotations

from pathlib import Path

from db.models.registry import ModelVersion, activate, active, list_models, register
from db.store.session import Database
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import PackageError
from engine.names import path_of
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe, load_recipe, with_saving, without_review
from engine.system.places import demo_package, shipped_packages


def choose_package(db: Database | None, wanted: str = "") -> ModelPackage:
    """`wanted` is a path, or a registered version (its first digits will do) or name; empty = the active one.

    With no model active yet, the shipped demo model is registered and activated. Raises PackageError.
    """
    return open_package(choose_place(db, wanted))


def choose_place(db: Database | None, wanted: str = "") -> Path:
    """Where the package is that `choose_package` opens. Raises PackageError."""
    if wanted:
        return _asked_for(db, wanted)
    if db is None:
        return demo_package()
    version = active(db)
    return version.folder if version is not None else _first_start(db).folder


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
