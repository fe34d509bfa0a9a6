"""Change-over on the Live page: the menu of products and their recipes, and codes that a scanner reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from db.recipes.shelf import StoredRecipe, by_code
from db.runs.products import Overview, overview
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.notify import notice_of

FOLDER = "recipes"
"""Inside the station's folder."""


class ChangeOver(QObject):
    """Knows the products in use and their recipes; puts the chosen one in force through the line."""

    partScanned = Signal(str)
    """What was scanned is no recipe's code."""

    def __init__(self, context: AppContext, line: Line, button: QWidget) -> None:
        super().__init__(button)
        self._context, self._line, self._button = context, line, button
        self._menu: QMenu | None = None

    @property
    def menu(self) -> QMenu | None:
        """The menu while it is open."""
        return self._menu

    def ask(self) -> None:
        """Open the menu: the recipes of the product in force, then every other product with its own."""
        db, folder = self._context.db, self._context.folder / FOLDER
        self._context.jobs.run(lambda: overview(db, folder), self._open)

    def scanned(self, code: str) -> None:
        """A scanner's burst: a recipe's code changes over, anything else is a part's number."""
        folder = self._context.folder / FOLDER
        self._context.jobs.run(lambda: (code, by_code(folder, code)), self._found, self._not_found)

    def _found(self, result: tuple[str, StoredRecipe | None]) -> None:
        code, recipe = result
        if recipe is None:
            self.partScanned.emit(code)
        else:
            self._take(recipe)

    def _not_found(self, error: Exception) -> None:
        self._context.notice.emit(notice_of(error))

    def _take(self, recipe: StoredRecipe) -> None:
        self._line.change_over(str(recipe.path), recipe.model)

    def _open(self, found: tuple[Overview, ...]) -> None:
        if not self._button.isVisible():
            return
        # Not below the button, whose icon stands at the right by its direction: the arrow keys would be swapped.
        menu, now = QMenu(self._button.parentWidget()), self._context.product.id
        menu.aboutToHide.connect(self._closed)
        mine = [one for one in found if one.product.id == now]
        others = [one for one in found if one.product.id != now and not one.product.retired]
        for one in mine:
            if others:
                _head(menu, one.product.name)
            self._add_recipes(menu, one)
        if others:
            menu.addSeparator()
            _head(menu, translate("Live", "Another product"))
        for one in others:
            below = menu.addMenu(_plain(one.product.name))
            self._add_recipes(below, one)
        menu.addSeparator()
        self._add(menu, translate("Live", "Make and change recipes…"), lambda: self._context.pageAsked.emit("recipes"))
        self._menu = menu
        menu.popup(self._button.mapToGlobal(QPoint(0, self._button.height())))

    def _add_recipes(self, menu: QMenu, of: Overview) -> None:
        """The ways this product may be judged, the one in force marked, or last in force."""
        product, mine = of.product, of.product.id == self._context.product.id
        chosen = self._line.options.recipe if mine else str(product.recipe or "")
        if of.can_judge:
            own = translate("Live", "The model's own limits")
            self._add(menu, own, partial(self._line.change_over, "", "", product.name), chosen=not chosen)
            menu.addSeparator()
        for recipe in of.recipes:
            words = translate("Live", "{name}, version {version}").format(name=recipe.name, version=recipe.version)
            self._add(menu, words, partial(self._take, recipe), chosen=str(recipe.path) == chosen)
        if not of.can_judge:
            teach = translate("Live", "No model judges it yet: teach it in…")
            self._add(menu, teach, lambda: self._context.pageAsked.emit("teach-in"))
        elif not of.recipes:
            menu.addAction(translate("Live", "No recipe is stored yet.")).setEnabled(False)

    def _add(self, menu: QMenu, words: str, act: Callable[[], object], *, chosen: bool | None = None) -> None:
        action = menu.addAction(_plain(words))
        action.triggered.connect(lambda _checked=False: act())
        if chosen is not None:
            action.setCheckable(True)
            action.setChecked(chosen)

    def _closed(self) -> None:
        # Its action comes after it hid: it is deleted when that is done.
        if self._menu is not None:
            self._menu.deleteLater()
            self._menu = None


def _head(menu: QMenu, words: str) -> None:
    menu.addAction(_plain(words)).setEnabled(False)


def _plain(words: str) -> str:
    """An ampersand in a name is no mnemonic."""
    return words.replace("&", "&&")
