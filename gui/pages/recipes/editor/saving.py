"""Saving a recipe: who, why, the next version; and the way back to an older one, which is the next version too."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from db.recipes.shelf import StoredRecipe
from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from engine.recipes.file import load_recipe
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.pages.recipes.draft import Draft
from gui.pages.recipes.editor.versions import History, VersionsDialog, read_history
from gui.users.operators import ask_engineer
from gui.users.why_dialog import WhyDialog


class RecipeSaving(QObject):
    """`saved` with the path, after the line took the new version where the recipe is in force."""

    saved = Signal(object)

    def __init__(self, context: AppContext, line: Line, draft: Draft, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._line, self._draft, self._page = context, line, draft, page
        self.package: ModelPackage | None = None
        draft.saved.connect(self._saved)

    def in_force(self, path: Path) -> bool:
        """Whether the line judges by this recipe."""
        return bool(self._line.options.recipe) and Path(self._line.options.recipe) == path

    def ask(self) -> None:
        """Why this new version? An engineer says."""
        if not self._draft.dirty:
            self._context.notify("info", translate("Recipes", "There is nothing to save."))
            return
        ask_engineer(self._context, self._page, self._ask_why)

    def save(self, why: str, who: str) -> None:
        """Write the next version; the line takes it at once where the recipe is in force."""
        if self.package is not None:
            self._draft.save(self.package, who, why)

    def show_versions(self, recipe: StoredRecipe) -> None:
        """The versions and what differs between them."""
        self._context.jobs.run(partial(read_history, self._context.db, recipe.path), self._versions_read)

    def _ask_why(self, who: str) -> None:
        now, wanted = self._draft.stored, self._draft.recipe
        if now is None or wanted is None:
            return
        text = translate("Recipes", "{name} becomes version {version}. The version before is kept.")
        text = text.format(name=wanted.name, version=now.version + 1)
        if self.in_force(now.path):
            text += " " + translate("Recipes", "It is in force: the line judges by it from the next part on.")
        dialog = WhyDialog(
            self._context.theme,
            translate("Recipes", "Save the recipe"),
            text,
            translate("Recipes", "Save"),
            required=True,
            name=who,
            name_fixed=self._context.settings.pin_required,
            parent=self._page,
        )
        dialog.decided.connect(self.save)
        dialog.open()

    def _saved(self, path: Path) -> None:
        self._context.notify("info", translate("Recipes", "The recipe is saved."))
        if self.in_force(path):
            self._line.change_over(str(path), self.package.version if self.package is not None else "")
        self.saved.emit(path)

    def _versions_read(self, history: History) -> None:
        dialog = VersionsDialog(self._context.theme, history, self._page)
        dialog.backAsked.connect(self._go_back)
        dialog.open()

    def _go_back(self, version: StoredRecipe) -> None:
        package = self.package
        if package is not None:
            self._context.jobs.run(lambda: load_recipe(version.path, package), self._went_back)

    def _went_back(self, recipe: Recipe) -> None:
        if self._draft.base is not None:
            self._draft.restore(recipe)
            self.ask()
