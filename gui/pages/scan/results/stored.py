"""A scan as it is shown, and one read again from its journal and the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from db.models.registry import ModelVersion, list_models
from db.products.shelf import Product
from db.recipes.shelf import StoredRecipe, list_recipes, of_product
from db.runs.stored_scan import ended, stopped, stored_of
from db.store.session import Database
from engine.domain.recipe import View
from engine.images.listing import LeftOut
from engine.packages.package import ModelPackage, open_package
from engine.station.scan_journal import Journalled, is_running, settle
from gui.pages.scan.rows import NOTHING_TOLD, ScanRow, Told, row_of


@dataclass(frozen=True, slots=True)
class ShownScan:
    """The scan on screen: who judged, and how far it came. `package` and `view` None: not known any more."""

    folder: Path
    named: str
    ended: bool
    total: int | None
    package: ModelPackage | None
    view: View | None = None
    """Of the recipe that judged."""
    rows: tuple[ScanRow, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """What the folder holds besides its pictures, where that is known."""

    @property
    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The model's classes, and the sound ones of them."""
        if self.package is None:
            return (), ()
        return tuple(self.package.manifest.class_names), tuple(self.package.manifest.ok_classes)


@dataclass(frozen=True, slots=True)
class Known:
    """What a scan can be made of, and the newest one that stopped before its end."""

    models: tuple[ModelVersion, ...]
    recipes: tuple[StoredRecipe, ...]
    stopped: Journalled | None


def read_known(db: Database, recipes: Path, product: Product) -> Known:
    """What this product is scanned with. Blocking. A scan that another program is at has not stopped."""
    found = stopped(db)
    going = found is not None and is_running(found.folder)
    mine = of_product(list_recipes(recipes), product)
    return Known(list_models(db, product.id), mine, None if going else found)


def read_last(db: Database, told: Told = NOTHING_TOLD) -> ShownScan | None:
    """The last scan that came to its end. Blocking."""
    found = ended(db)
    return read_shown(db, found, told) if found is not None else None


def read_shown(db: Database, found: Journalled, told: Told = NOTHING_TOLD) -> ShownScan:
    """What a journal's scan found so far. Blocking; 20,000 pictures take a second or two."""
    folder = Path(found.plan.folder)
    done, _, _ = settle(found, stored_of(db, found))
    known = next((m for m in list_models(db) if m.version == found.plan.version), None)
    package = open_package(known.folder) if known is not None else None
    rows = tuple(row_of(inspection, folder, told.of(folder)) for inspection in done)
    return ShownScan(folder, found.plan.named, found.ended, found.total, package, None, rows, found.left_out)
