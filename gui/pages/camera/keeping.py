"""What was set and taken on the Camera page, on its way into the next version of the recipe; an engineer agrees."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.domain.recipe import CameraSetup
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.feed import Feed, stated
from gui.line.line import Line
from gui.pages.camera.presenter import CameraPresenter, Saved, save
from gui.pages.camera.side import CameraSide, no_golden
from gui.pages.camera.view import CameraView
from gui.users.operators import ask_engineer


class RecipeKeeping(QObject):
    """Settings, takt and golden picture; the recipe in force says what the self-test compares with until then."""

    def __init__(
        self, context: AppContext, line: Line, feed: Feed, view: CameraView, side: CameraSide, rules: CameraPresenter
    ) -> None:
        super().__init__(feed)
        self._context, self._line, self._rules = context, line, rules
        self._feed, self._view, self._side = feed, view, side
        self.busy = False
        """True while the recipe is being written."""
        context.packageChanged.connect(self.take_recipe)
        self.take_recipe()

    def take_golden(self) -> None:
        """The picture on screen is what the others are compared with; `ask` keeps it."""
        seen = self._view.seen
        if seen is None:
            self._context.notify("info", translate("Camera", "There is no picture to take yet."))
            return
        recipe = self._context.recipe
        like = recipe.imaging if recipe is not None else None
        try:
            self._feed.imaging = self._rules.take_golden(seen.frame, stated(seen.frame, self._feed.view), like)
        except ValueError as error:
            words = translate("Camera", "This picture cannot be the golden one: {why}.").format(why=error)
            self._context.notify("warning", words)
            return
        self._side.tell(translate("Camera", "The golden picture is not kept yet: save it in the recipe."))

    def ask(self) -> None:
        """Keep all of it as a new version of the recipe. Who says so?"""
        nothing = self._rules.nothing_to_save(self._side.values, self._context.package)
        if nothing:
            what = translate("Camera", "Open a camera that can be set, or take a golden picture.")
            self._context.notify("info", nothing, what)
            return
        ask_engineer(self._context, self._view, self._save)

    def take_recipe(self) -> None:
        """Another recipe is in force; a golden picture that is not kept yet stays."""
        recipe = self._context.recipe
        if recipe is None:
            return
        self._feed.view = recipe.view
        self._side.takt.setValue(recipe.camera.takt_s)
        if self._rules.golden is None:
            self._feed.imaging = recipe.imaging
            if recipe.imaging is None:
                self._side.selftest.tell(no_golden())

    def _save(self, who: str) -> None:
        values, golden, package = self._side.values, self._rules.golden, self._context.package
        if package is None:
            return
        setup = CameraSetup(tuple(values.items()), self._side.takt.value()) if values else None
        path, folder = self._line.options.recipe, self._context.folder / "recipes"
        self.busy = True
        trail, product = (self._context.db, who), self._context.product.name
        self._context.jobs.run(
            lambda: save(path, folder, package, setup, golden, trail=trail, product=product),
            self._saved,
            self._not_saved,
        )

    def _saved(self, saved: Saved) -> None:
        self._rules.golden, self.busy = None, False
        self._line.use_recipe(str(saved.path))
        what = translate("Camera", "The recipe was saved as version {version} in {path}.")
        what = what.format(version=saved.version, path=saved.path)
        self._side.tell(what)
        self._context.notify("info", what, translate("Camera", "The line judges by it from its next start."))

    def _not_saved(self, error: Exception) -> None:
        self.busy = False
        self._context.jobs.failed.emit(error)
