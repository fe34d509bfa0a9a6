"""Another model or another recipe takes over: at once while the line runs, else from its next start on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from db.models.choose import asked_for, judge_of, put_in_force
from db.models.standing import Standing
from db.products.first import BY, product_of
from db.products.shelf import Product
from db.runs.line import LineOrder
from db.runs.take_over import Successor, made_ready
from engine.domain.inspection import ModelRef
from engine.domain.recipe import Recipe
from engine.errors import LinesideError
from engine.names import path_of
from engine.packages.package import ModelPackage
from engine.station.loop import Station
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.outside import Outside
from gui.notify import notice_of

T = TypeVar("T")


class Runs(Protocol):
    """What takes another model or recipe over: the line."""

    options: LineOrder

    @property
    def state(self) -> str:
        """Loading, Running, Paused, Stopped, Lost or Failed."""
        ...

    @property
    def station(self) -> Station | None:
        """What runs now, if anything does."""
        ...


class TakeOver:
    """Loads beside the line, on a job, then has its station swap between two frames; tells what judges from now on."""

    def __init__(self, context: AppContext, line: Runs) -> None:
        self._context, self._line = context, line
        self._judge = ModelRef("", "")
        self._begun = ""
        """The recipe's message of a change-over that the line is about to take; what follows is told with it."""
        self._elsewhere = ""
        """The version that was activated outside of this window and is about to be taken over."""
        self._under_way = 0
        """Jobs that change what judges."""
        self._outside = Outside(context, self._settled, self._follow)
        context.modelActivated.connect(self.model)
        context.productChanged.connect(self._renamed)

    def model(self, version: str) -> None:
        """This version was activated. One that fails its proof is active no longer."""
        # No model is asked for by name any more: the active one judges.
        # What judges already was proved when it was taken over; of another's decision nobody here took it back.
        judges, elsewhere = version == self._judge.version, version == self._elsewhere
        by, self._elsewhere = "" if judges else BY if elsewhere else self._context.operator, ""
        self._prepare(replace(self._line.options, model=""), self._not_swapped, by)

    def recipe(self, path: str, model: str, product: str) -> None:
        """Judge by this recipe's file, as the product whose it is; with this version where it is bound to one.

        `product`: whose own limits are meant, where there is no file. What cannot be is told.
        """
        now = self._line.options
        wanted = replace(now, recipe=path, product=product or now.product, model="" if model else now.model)
        self._prepare(wanted, self._not_changed, named=product)

    def keep(self, path: str) -> None:
        """This recipe's file is the product's from the next start on."""
        db, settings, order, by = self._context.db, self._context.settings, self._line.options, self._context.operator

        def work() -> Product:
            return put_in_force(db, judge_of(db, product_of(db, order.product, settings), path), by)

        self._begin(work, self._context.take_product, self._context.jobs.failed.emit)

    def begun(self, model: ModelRef) -> None:
        """A run begins with this model."""
        self._judge = model

    def swapped(self, model: ModelRef) -> None:
        """Another model judges; of a change-over with the same one the recipe was told already."""
        if model != self._judge:
            self._judge = model
            said = translate("Live", "Model {name} {version} judges from now on.")
            words = said.format(name=model.name, version=model.version)
            self._context.notify("info", f"{self._begun} {words}".strip())
        self._begun = ""

    def take_package(self, package: ModelPackage, recipe: Recipe) -> None:
        """These are in force, for every page to see."""
        self._context.package, self._context.recipe = package, recipe
        self._context.packageChanged.emit()

    def _prepare(
        self, order: LineOrder, failed: Callable[[Exception], None], withdrawn_by: str = "", named: str = ""
    ) -> None:
        db, settings, station = self._context.db, self._context.settings, self._line.station
        by, before = self._context.operator, self._line.options.product

        def work() -> tuple[LineOrder, Successor, Product]:
            product = product_of(db, order.product, settings, instead=True)
            if order.recipe and not named:
                product = asked_for(db, settings, recipe=order.recipe)[0]
            # A model that was asked for by name was asked for one product.
            same = not before or product.is_called(before)
            wanted = replace(order, product=product.name, model=order.model if same else "")
            judge = judge_of(db, product, wanted.recipe, wanted.model)
            made = made_ready(
                db,
                judge.version or str(judge.package),
                station,
                recipe=lambda package: wanted.recipe_for(package, settings),
                load=lambda package: order.load(package, settings.threads),
                withdrawn_by=withdrawn_by,
                product=product.id,
            )
            try:
                return wanted, made, put_in_force(db, judge, by)
            except LinesideError:
                if made.model is not None:
                    made.model.close()
                raise

        self._begin(work, self._take, failed)

    def _begin(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """On a job; until it landed, nothing is taken for another's decision."""
        self._under_way += 1

        def landed(found: T) -> None:
            self._under_way -= 1
            done(found)

        def broke(error: Exception) -> None:
            self._under_way -= 1
            failed(error)

        self._context.jobs.run(work, landed, broke)

    def _settled(self) -> bool:
        """Whether a model judges, or did last, and nothing is about to change that."""
        return not self._under_way and self._line.state != "Loading" and self._context.package is not None

    def _follow(self, now: Standing) -> None:
        """What was decided elsewhere for the product that is inspected judges here too: there is one answer."""
        order, product, context = self._line.options, now.product, self._context
        retired = product.retired and not context.product.retired
        context.take_product(product)
        if retired:
            said = translate(
                "Live", "The product {name} was retired outside of this window. It is inspected all the same."
            )
            context.notify(
                "warning",
                said.format(name=product.name),
                translate("Live", "Ctrl+R on Live changes over to another one."),
            )
        if order.model:
            # One that was asked for by name judges until another is activated here.
            return
        if product.recipe != (path_of(order.recipe).absolute() if order.recipe else None):
            self._tell_outside(
                translate("Live", "Another recipe was put in force outside of this window, by {who}."), now.recipe_by
            )
            recipe = "" if product.recipe is None else str(product.recipe)
            self._prepare(replace(order, recipe=recipe), self._not_changed, named=product.name)
        elif now.model is not None and context.package is not None and now.model.version != context.package.version:
            said = translate("Live", "Model {name} {version} was activated outside of this window, by {who}.")
            self._tell_outside(said, now.model_by, name=now.model.name, version=now.model.version)
            self._elsewhere = now.model.version
            context.modelActivated.emit(now.model.version)

    def _tell_outside(self, said: str, who: str, **named: str) -> None:
        words = said.format(who=who or translate("Live", "somebody without a name"), **named)
        # Whoever stands here did not ask for it: it stays until it was read.
        self._context.notify("warning", words, translate("Live", "It is taken over."))

    def _take(self, found: tuple[LineOrder, Successor, Product]) -> None:
        order, made, product = found
        line = self._line
        other = "" if product.is_called(line.options.product) else product.name
        changed = order.recipe != line.options.recipe or bool(other)
        line.options = replace(line.options, model=order.model, recipe=order.recipe, product=product.name)
        self._context.take_product(product)
        self.take_package(made.package, made.recipe)
        self._begun = ""
        if changed:
            self._begun = self._tell_recipe(made.recipe, other, at_once=made.model is not None)
        if made.model is None:
            return
        if line.station is None:
            made.model.close()
            return
        line.station.swap_model(made.model, made.recipe)

    def _renamed(self) -> None:
        """The running product is called another name: its next parts bear that one."""
        now, product = self._line.options, self._context.product
        if self._line.station is not None and now.product != product.name and product.is_called(now.product):
            self._prepare(replace(now, product=product.name), self._not_changed, named=product.name)

    def _tell_recipe(self, recipe: Recipe, product: str, *, at_once: bool) -> str:
        """In these words. `product`: the other one that is inspected from now on; empty = the same."""
        said = translate("Live", "Recipe {name} {version} is in force from the next start on.")
        if at_once:
            said = translate("Live", "Recipe {name} {version} is in force from the next part on.")
        words = said.format(name=recipe.name, version=recipe.version)
        if product:
            words = translate("Live", "Product {name}.").format(name=product) + " " + words
        self._context.notify("info", words)
        return words

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
