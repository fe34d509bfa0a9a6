"""Whose recipes the page lists: those of the product that is inspected, or of another one that was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from db.models.choose import choose_package
from db.models.registry import active
from db.products.shelf import Product, list_products
from db.recipes.shelf import StoredRecipe, list_recipes, of_product, problems
from db.store.session import Database
from engine.errors import LinesideError
from engine.packages.package import ModelPackage
from gui.context import AppContext
from gui.line.line import Line


@dataclass(frozen=True, slots=True)
class Listed:
    """What the page lists: the recipes of one product, and what is wrong with files."""

    products: tuple[Product, ...]
    """In use."""
    product: Product
    """Whose recipes they are."""
    recipes: tuple[StoredRecipe, ...]
    wrong: tuple[LinesideError, ...]


def read_recipes(db: Database, folder: Path, outside: str, product: Product, wanted: Path | None = None) -> Listed:
    """The product's stored recipes, first the one in force where it lies elsewhere. Blocking: on a job.

    `wanted`: a recipe that is to be among them; where it is another product's, that one's recipes are meant.
    """
    found, wrong = list_recipes(folder), problems(folder)
    if outside and Path(outside).parent != folder:
        elsewhere = [r for r in list_recipes(Path(outside).parent) if r.path == Path(outside)]
        found = (*elsewhere, *found)
    known = list_products(db)
    asked = [recipe for recipe in found if recipe.path == wanted]
    meant = next((p for p in known if asked and of_product(asked, p) and not p.retired), product)
    now = next((p for p in known if p.id == meant.id), meant)
    return Listed(tuple(p for p in known if not p.retired), now, of_product(found, now), wrong)


class Whose(QObject):
    """`listed` carries what `read` found, `opened` the package that judges the product's parts."""

    listed = Signal(object)
    opened = Signal(object)

    def __init__(self, context: AppContext, line: Line, folder: Path, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._line, self._folder, self._page = context, line, folder, page
        self.product = context.product
        self._known: tuple[Product, ...] = ()
        context.packageChanged.connect(self._anew)
        context.productChanged.connect(self._changed_over)

    def read(self, wanted: Path | None = None) -> None:
        """Its recipes, on a job; `wanted`: one that was just made or brought in, whosever it is."""
        db, folder, outside, product = self._context.db, self._folder, self._line.options.recipe, self.product
        work = partial(read_recipes, db, folder, outside, product, wanted)
        self._context.jobs.run(work, partial(self._read, product))

    def open_package(self) -> None:
        """Its model, on a job."""
        context, product = self._context, self.product.id
        db, model, mine = context.db, self._line.options.model, context.product.id
        if product != mine:
            # One that no model judges yet gets its first recipe from the model in force.
            context.jobs.run(
                lambda: choose_package(db, "", product if active(db, product) else mine),
                partial(self._open, product),
            )
        elif context.package is not None:
            self.opened.emit(context.package)
        else:
            context.jobs.run(lambda: choose_package(db, model, product), partial(self._open, product))

    def choose(self, id: str) -> None:
        """List the recipes of this product."""
        self.product = next((product for product in self._known if product.id == id), self.product)
        self._anew()

    def _read(self, asked: Product, found: Listed) -> None:
        # Another choice was made meanwhile: its own list comes.
        if asked.id != self.product.id:
            return
        other = found.product.id != self.product.id
        self._known, self.product = found.products, found.product
        self.listed.emit(found)
        if other:
            self.open_package()

    def _open(self, asked: str, package: ModelPackage) -> None:
        if asked == self.product.id:
            self.opened.emit(package)

    def _changed_over(self) -> None:
        self.product = self._context.product
        self._anew()

    def _anew(self) -> None:
        if self._page.isVisible():
            self.read()
            self.open_package()
