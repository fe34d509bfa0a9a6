"""Which model package and recipe a run uses: what was asked for, else the active one, else the shipped demo model."""

from __future__ import annotations

from pathlib import Path

from db.models.registry import ModelVersion, activate, active, list_models, register
from db.store.session import Database
from engine.domain.recipe import Recipe
from engine.errors import PackageError
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe, load_recipe
from engine.system.places import demo_package, shipped_packages


def choose_package(db: Database | None, wanted: str = "") -> ModelPackage:
    """`wanted` is a path, or a registered version (its first digits will do) or name; empty = the active one.

    With no model active yet, the shipped demo model is registered and activated. Raises PackageError.
    """
    if wanted:
        return _asked_for(db, wanted)
    if db is None:
        return open_package(demo_package())
    version = active(db)
    return open_package(version.folder if version is not None else _first_start(db).folder)


def choose_recipe(package: ModelPackage, path: str = "") -> Recipe:
    """The recipe file asked for, or the package's own limits. Raises InputError."""
    return load_recipe(Path(path), package) if path else default_recipe(package)


def _first_start(db: Database) -> ModelVersion:
    """Register every shipped demo model and activate the one that serves best."""
    best = register(db, demo_package(), "lineside")
    for other in shipped_packages():
        register(db, other, "lineside")
    return activate(db, best.version, "lineside", "first start")


def _asked_for(db: Database | None, wanted: str) -> ModelPackage:
    path = Path(wanted)
    if path.exists():
        return open_package(path)
    known = list_models(db) if db is not None else ()
    found = [m for m in known if m.version.startswith(wanted)] or [m for m in known if m.name == wanted]
    if len(found) == 1:
        return open_package(found[0].folder)
    if found:
        raise PackageError(f"{wanted} names {len(found)} registered models.", "Give more digits of the version.")
    shipped = demo_package(wanted)
    if path.name == wanted and (shipped / "manifest.json").exists():
        return open_package(shipped)
    raise PackageError(
        f"There is no model package {wanted}.",
        "Give a package's folder or zip, or a version `lineside models list` shows.",
    )
