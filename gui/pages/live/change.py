"""Change-over on the Live page: the menu of stored recipes, and codes that a scanner reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from db.recipes.shelf import StoredRecipe, by_code, list_recipes
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.notify import notice_of

FOLDER = "recipes"
"""Inside the station's folder."""


class ChangeOver(QObject):
    """Knows the stored recipes; puts the chosen one in force through the line."""

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
        """Open the menu of recipes."""
        folder = self._context.folder / FOLDER
        self._context.jobs.run(lambda: list_recipes(folder), self._open)

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

    def _open(self, recipes: tuple[StoredRecipe, ...]) -> None:
        if not self._button.isVisible():
            return
        menu, chosen = QMenu(self._button), self._line.options.recipe
        menu.aboutToHide.connect(self._closed)
        change, name = self._line.change_over, translate("Live", "The model's own limits")
        self._add(menu, name, lambda: change(""), chosen=not chosen)
        menu.addSeparator()
        for recipe in recipes:
            words = translate("Live", "{name}, version {version}").format(name=recipe.name, version=recipe.version)
            self._add(menu, words, partial(self._take, recipe), chosen=str(recipe.path) == chosen)
        if not recipes:
            menu.addAction(translate("Live", "No recipe is stored yet.")).setEnabled(False)
        menu.addSeparator()
        self._add(menu, translate("Live", "Make and change recipes…"), lambda: self._context.pageAsked.emit("recipes"))
        self._menu = menu
        menu.popup(self._button.mapToGlobal(QPoint(0, self._button.height())))

    def _add(self, menu: QMenu, words: str, act: Callable[[], object], *, chosen: bool | None = None) -> None:
        action = menu.addAction(words.replace("&", "&&"))
        action.triggered.connect(lambda _checked=False: act())
        if chosen is not None:
            action.setCheckable(True)
            action.setChecked(chosen)

    def _closed(self) -> None:
        # Its action comes after it hid: it is deleted when that is done.
        if self._menu is not None:
            self._menu.deleteLater()
            self._menu = None
