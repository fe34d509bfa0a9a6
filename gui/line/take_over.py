"""Another model or another recipe takes over: at once while the line runs, else from its next start on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from db.runs.line import LineOrder
from db.runs.take_over import Successor, made_ready
from engine.domain.inspection import ModelRef
from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from engine.station.loop import Station
from gui.context import AppContext
from gui.i18n.language import translate
from gui.notify import notice_of


class Runs(Protocol):
    """What takes another model or recipe over: the line."""

    options: LineOrder

    @property
    def station(self) -> Station | None:
        """What runs now, if anything does."""
        ...

    def use_recipe(self, path: str) -> None:
        """From the next start on this recipe file, remembered."""
        ...


class TakeOver:
    """Loads beside the line, on a job, then has its station swap between two frames; tells what judges from now on."""

    def __init__(self, context: AppContext, line: Runs) -> None:
        self._context, self._line = context, line
        self._judge = ModelRef("", "")
        context.modelActivated.connect(self.model)

    def model(self, version: str) -> None:
        """This version was activated. One that fails its proof is active no longer."""
        self._prepare(version, self._line.options.recipe, self._not_swapped, self._context.operator)

    def recipe(self, path: str, model: str) -> None:
        """Judge by this recipe's file, with this version where it is bound to one; what cannot be is told."""
        self._prepare(model, path, self._not_changed)

    def begun(self, model: ModelRef) -> None:
        """A run begins with this model."""
        self._judge = model

    def swapped(self, model: ModelRef) -> None:
        """Another model judges; of a change-over with the same one the recipe was told already."""
        if model != self._judge:
            self._judge = model
            said = translate("Live", "Model {name} {version} judges from now on.")
            self._context.notify("info", said.format(name=model.name, version=model.version))

    def take_package(self, package: ModelPackage, recipe: Recipe) -> None:
        """These are in force, for every page to see."""
        self._context.package, self._context.recipe = package, recipe
        self._context.packageChanged.emit()

    def _prepare(self, version: str, path: str, failed: Callable[[Exception], None], withdrawn_by: str = "") -> None:
        db, settings, station = self._context.db, self._context.settings, self._line.station
        order = replace(self._line.options, recipe=path)

        def work() -> Successor:
            return made_ready(
                db,
                version or order.model,
                station,
                recipe=lambda package: order.recipe_for(package, settings),
                load=lambda package: order.load(package, settings.threads),
                withdrawn_by=withdrawn_by,
            )

        self._context.jobs.run(work, partial(self._take, path), failed)

    def _take(self, path: str, made: Successor) -> None:
        line = self._line
        changed = path != line.options.recipe
        line.options = replace(line.options, model=made.package.version)
        if changed:
            line.use_recipe(path)
        self.take_package(made.package, made.recipe)
        if changed:
            self._tell_recipe(made.recipe, at_once=made.model is not None)
        if made.model is None:
            return
        if line.station is None:
            made.model.close()
            return
        line.station.swap_model(made.model, made.recipe)

    def _tell_recipe(self, recipe: Recipe, *, at_once: bool) -> None:
        said = translate("Live", "Recipe {name} {version} is in force from the next start on.")
        if at_once:
            said = translate("Live", "Recipe {name} {version} is in force from the next part on.")
        self._context.notify("info", said.format(name=recipe.name, version=recipe.version))

    def _not_swapped(self, error: Exception) -> None:
        notice = notice_of(error)
        before = ""
        if self._line.station is not None:
            before = translate("Live", "The model before it goes on judging and is the active one.")
        self._context.packageChanged.emit()
        self._context.notify(notice.kind, notice.message, f"{before} {notice.remedy}".strip())

    def _not_changed(self, error: Exception) -> None:
        notice = notice_of(error)
        stays = translate("Live", "The recipe was not changed.")
        self._context.notify(notice.kind, f"{stays} {notice.message}", notice.remedy)
