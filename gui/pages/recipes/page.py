"""Recipes: the list, the editor, and the picture on which every change is seen at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QSlider, QVBoxLayout, QWidget

from db.recipes.shelf import StoredRecipe
from engine.images.listing import PICTURE_SUFFIXES
from engine.packages.package import ModelPackage
from engine.statistics.costs import Prices
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.page import Binding
from gui.pages.recipes.acts import RecipeActs
from gui.pages.recipes.draft import Draft
from gui.pages.recipes.editor.editor import Editor
from gui.pages.recipes.editor.saving import RecipeSaving
from gui.pages.recipes.list import RecipeList
from gui.pages.recipes.presenter import RecipesPresenter, RecipeStanding, kept_prices
from gui.pages.recipes.trial.judge import TrialJudge, Tried
from gui.pages.recipes.trial.preview import TrialPreview
from gui.pages.recipes.trial.weigh import Weighed, Weighing
from gui.pages.recipes.view import RecipesView
from gui.pages.recipes.whose import Listed, Whose
from gui.widgets.columns import kept_widths


class RecipesPage(QWidget):
    """How each product is judged."""

    def __init__(self, context: AppContext, line: Line) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context, self._line = context, line
        self._package: ModelPackage | None = None
        theme, kept = context.theme, context.memory("recipes")
        self.draft = Draft(context, self)
        self.saving = RecipeSaving(context, line, self.draft, self)
        self.whose = Whose(context, line, context.folder / "recipes", self)
        self.acts = RecipeActs(context, self.saving, self.whose, self._chosen, self)
        self.judge = TrialJudge(context, line.options.load, self)
        self.weighing = Weighing(context, self)
        self.list = RecipeList(theme)
        self.preview = TrialPreview(context, self.judge)
        self.editor = Editor(context, kept_prices(kept.get("prices")))
        self._rules = RecipesPresenter(self.acts.folder, kept.get("open"))
        parts = (self.list, self.preview, self.editor)
        self.view = RecipesView(theme, parts, kept_widths(kept.get("split"), len(parts)), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        entries = (*self.acts.entries(), (translate("Recipes", "Try a picture file…"), "Ctrl+O", self.ask_file))
        for word, key, act in entries:
            self.list.add_act(word, key, act)
        self._connect()
        self._show_draft()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Read recipes, pictures and known parts again; the arrow keys are the list's."""
        self.whose.read()
        self.judge.read(self.whose.product.on_record)
        self.whose.open_package()
        self.list.list.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Recipes does, by key."""
        region, tool = self.editor.region, self.preview.view.tool
        return [
            Binding("Ctrl+S", translate("Recipes", "Save as a new version"), self.saving.ask),
            Binding("Z", translate("Recipes", "Discard the changes"), self.draft.discard),
            Binding("L", translate("Recipes", "Put the recipe on the line"), self.use),
            Binding("N", translate("Recipes", "New recipe from the model"), self.acts.new),
            Binding("D", translate("Recipes", "Duplicate"), self.acts.duplicate),
            Binding("V", translate("Recipes", "Versions: compare, go back"), self.acts.show_versions),
            Binding("I", translate("Recipes", "Import a recipe file"), self.acts.ask_import),
            Binding("X", translate("Recipes", "Export the recipe"), self.acts.ask_export),
            Binding("Delete", translate("Recipes", "Retire the recipe"), self.acts.ask_retire),
            Binding("Left", translate("Recipes", "Previous picture; region or slider to the left"), self._left),
            Binding("Right", translate("Recipes", "Next picture; region or slider to the right"), self._right),
            Binding("Ctrl+O", translate("Recipes", "Try a picture file"), self.ask_file),
            Binding("H", translate("Recipes", "Overlay style"), self.preview.next_style),
            Binding("G", translate("Recipes", "Draw a rectangle"), partial(self.take, "box")),
            Binding("P", translate("Recipes", "Draw a polygon"), partial(self.take, "polygon")),
            Binding("Return", translate("Recipes", "Close the polygon"), tool.close_polygon),
            Binding("W", translate("Recipes", "Inspect the whole picture"), region.whole),
            Binding("M", translate("Recipes", "Measure: draw a line of known length"), partial(self.take, "measure")),
            Binding("C", translate("Recipes", "Use the cheapest threshold"), self.use_cheapest),
        ]

    def held(self) -> str:
        """Never: a draft is kept and comes back."""
        return ""

    def close_page(self) -> None:
        """The draft is kept, the model given back."""
        self.draft.keep()
        self.weighing.stop()
        self.judge.close()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> StoredRecipe | None:
        """The recipe the mark is on, as it is stored."""
        return self._rules.of(self.list.current)

    def _chosen(self) -> StoredRecipe | None:
        return self.current

    def use(self) -> None:
        """Put the recipe in force on Live, as it is stored."""
        recipe = self.current
        match self._rules.use(recipe, self._standing()):
            case "unsaved":
                self._context.notify("info", translate("Recipes", "Save the changes first, or discard them."))
            case "use" if recipe is not None:
                self._line.change_over(str(recipe.path), recipe.model)

    def use_cheapest(self) -> None:
        """The threshold of the least cost on the known parts."""
        weighed = self.editor.weighing.weighed
        if weighed is None or weighed.curve is None:
            self._context.notify("info", translate("Recipes", "There are too few parts with a known truth."))
        elif self.draft.recipe is not None:
            self.editor.limits.shift(weighed.curve.cheapest)

    def take(self, mode: Any) -> None:
        """A tool for the region, or `whole`."""
        wanted = self._rules.tool(mode, self.draft.recipe)
        if not wanted:
            return
        view, tool = self.preview.view, self.preview.view.tool
        if wanted == "whole":
            self.editor.region.whole()
        elif wanted == "tool":
            tool.take(mode)
            view.setCursor(Qt.CursorShape.ArrowCursor if tool.mode == "look" else Qt.CursorShape.CrossCursor)
            view.setFocus()
        self.editor.region.show_mode(tool.mode)

    def ask_file(self) -> None:
        """Choose a picture file to try the recipe on."""
        patterns = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        kind = translate("Recipes", "Pictures ({patterns})").format(patterns=patterns)
        dialog = QFileDialog(self, translate("Recipes", "Try a picture file"), "", kind)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.try_file)
        dialog.open()

    def try_file(self, path: str) -> None:
        """Try the recipe on this picture file."""
        self.judge.open_file(Path(path))

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        self.list.chosen.connect(self._choose)
        self.list.productChosen.connect(self.whose.choose)
        self.whose.listed.connect(self._listed)
        self.whose.opened.connect(self._take_package)
        self.list.new_button.clicked.connect(self.acts.new)
        self.view.save_button.clicked.connect(self.saving.ask)
        self.view.discard_button.clicked.connect(self.draft.discard)
        self.view.use_button.clicked.connect(self.use)
        self.editor.limits.cheapest.clicked.connect(self.use_cheapest)
        self.editor.edited.connect(self.draft.edit)
        self.editor.weighing.pricesChanged.connect(self._priced)
        self.editor.region.modeAsked.connect(self.take)
        tool = self.preview.view.tool
        tool.boxDrawn.connect(self.editor.region.draw_box)
        tool.polygonDrawn.connect(self.editor.region.draw_polygon)
        tool.measured.connect(self.editor.region.show_line)
        self.preview.fileAsked.connect(self.ask_file)
        self.draft.opened.connect(self._opened)
        self.draft.changed.connect(self._show_draft)
        self.saving.saved.connect(self._made)
        self.draft.failed.connect(self._show_failed)
        self.acts.made.connect(self._made)
        self.acts.gone.connect(self.whose.read)
        self.judge.judged.connect(self._judged)
        self.weighing.weighed.connect(self._weighed)
        self.view.columns.moved.connect(self._keep_place)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _take_package(self, package: ModelPackage) -> None:
        self._package = package
        self.saving.package = package
        self.preview.package = package
        self.editor.set_package(package)
        self.judge.use(package)
        self.weighing.read(package, self.whose.product.on_record)
        if self._rules.meets(package.version):
            self._choose(self.list.current)

    def _listed(self, found: Listed) -> None:
        self.list.show_products(found.products, found.product.id)
        if found.product.on_record != self.judge.products:
            self.judge.read(found.product.on_record)
        wanted = self._rules.take(found.recipes, self.list.current)
        self.list.show_recipes(found.recipes, self._line.options.recipe, self.draft.drafts(), wanted)
        self._show_draft()
        for error in found.wrong[:1]:
            self._context.notify("warning", error.message, error.remedy)

    def _choose(self, path: Path | None) -> None:
        name = self._rules.name_to_keep(path)
        if name:
            self._context.remember("recipes", open=name)
        if self._package is not None and not self._rules.stays_open(path, self._standing()):
            self.draft.open(path, self._package)

    def _made(self, path: Path) -> None:
        self._rules.wanted = path
        self.whose.read(path)

    def _opened(self) -> None:
        self.editor.show_recipe(self.draft.recipe)
        self._show_draft()

    def _judged(self, tried: Tried) -> None:
        self.editor.guard.show_quality(tried.prediction)

    def _weighed(self, weighed: Weighed | None) -> None:
        recipe = self.draft.recipe
        self.editor.weighing.show_weighed(weighed, recipe.limits.ng_at if recipe is not None else 0.5)
        self.editor.limits.cheapest.setEnabled(weighed is not None and weighed.curve is not None)

    def _priced(self, prices: Prices) -> None:
        self._context.remember("recipes", prices=[prices.escape, prices.false_reject, prices.review])
        self.weighing.weigh(self.draft.recipe, prices)

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _standing(self) -> RecipeStanding:
        now = self.draft.stored
        in_force = now is not None and self.saving.in_force(now.path)
        return RecipeStanding(self.draft.recipe, now, self.draft.dirty, in_force)

    def _show_draft(self) -> None:
        now, rules = self._standing(), self._rules
        self.view.show_standing(rules.title(now), rules.state_words(now), dirty=now.dirty, usable=rules.usable(now))
        region = now.recipe.view if now.recipe is not None else None
        self.preview.view.tool.show(region.roi if region else None, region.polygon if region else ())
        self.judge.set_recipe(now.recipe)
        self.weighing.weigh(now.recipe, self.editor.weighing.prices)

    def _show_failed(self, why: str) -> None:
        self.editor.show_recipe(None)
        chosen = self.current
        in_force = chosen is not None and self.saving.in_force(chosen.path)
        self.view.show_failed(why, usable=self._rules.usable(RecipeStanding(stored=chosen, in_force=in_force)))

    def _left(self) -> None:
        self._arrow(Qt.Key.Key_Left, -1)

    def _right(self) -> None:
        self._arrow(Qt.Key.Key_Right, 1)

    def _arrow(self, key: Qt.Key, step: int) -> None:
        focus = QApplication.focusWidget()
        if isinstance(focus, QSlider):
            focus.setValue(focus.value() + step * focus.singleStep())
        elif not self.preview.view.nudge(key, Qt.KeyboardModifier.NoModifier):
            self.judge.step(step)

    def _keep_place(self, widths: list[int]) -> None:
        self._context.remember("recipes", split=widths)
