"""Recipes: the list, the editor, and the picture on which every change is seen at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from db.models.choose import choose_package
from db.recipes.shelf import StoredRecipe
from engine.errors import LinesideError
from engine.images.pictures import PICTURE_SUFFIXES
from engine.packages.package import ModelPackage
from engine.statistics.costs import Prices
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.page import Binding
from gui.pages.recipes.acts import RecipeActs
from gui.pages.recipes.draft import Draft
from gui.pages.recipes.editor.editor import Editor, kept_prices, kept_sizes
from gui.pages.recipes.editor.saving import RecipeSaving
from gui.pages.recipes.list import RecipeList, read_recipes
from gui.pages.recipes.trial.judge import Judge, Tried
from gui.pages.recipes.trial.preview import Preview
from gui.pages.recipes.trial.weigh import Weighed, Weighing
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, scaled
from gui.widgets.cut_label import CutLabel
from gui.widgets.key_button import KeyButton

LIST_WIDTH, EDITOR_WIDTH = 224, 376


class RecipesPage(QWidget):
    """How each product is judged."""

    def __init__(self, context: AppContext, line: Line) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context, self._line = context, line
        self._package: ModelPackage | None = None
        self._known: tuple[StoredRecipe, ...] = ()
        theme, kept = context.theme, context.memory("recipes")
        name = kept.get("open")
        self._wanted = context.folder / "recipes" / name if isinstance(name, str) else None
        self.draft = Draft(context, self)
        self.acts = RecipeActs(context, self)
        self.saving = RecipeSaving(context, line, self.draft, self)
        self.judge = Judge(context, line.options.load, self)
        self.weighing = Weighing(context, self)
        self.list = RecipeList(theme)
        self.preview = Preview(context, self.judge)
        self.editor = Editor(context, kept_prices(kept.get("prices")))
        self.title, self.state = CutLabel(), QLabel()
        self.save_button = KeyButton(theme, translate("Recipes", "Save…"), "Ctrl+S", "save", compact=True)
        self.discard_button = KeyButton(theme, translate("Recipes", "Discard"), "Z", "undo", compact=True)
        self.use_button = KeyButton(theme, translate("Recipes", "Put on the line"), "L", "live", compact=True)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._lay_out(kept.get("split"))
        self._connect()
        self._show_draft()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Read recipes, pictures and known parts again."""
        self._read_list()
        self.judge.read()
        self._find_package()

    def keys(self) -> list[Binding]:
        """Everything Recipes does, by key."""
        region, tool = self.editor.region, self.preview.view.tool
        return [
            Binding("Ctrl+S", translate("Recipes", "Save as a new version"), self.saving.ask),
            Binding("Z", translate("Recipes", "Discard the changes"), self.draft.discard),
            Binding("L", translate("Recipes", "Put the recipe on the line"), self.use),
            Binding("N", translate("Recipes", "New recipe from the model"), self.new),
            Binding("D", translate("Recipes", "Duplicate"), self.duplicate),
            Binding("V", translate("Recipes", "Versions: compare, go back"), self.show_versions),
            Binding("I", translate("Recipes", "Import a recipe file"), self.acts.ask_import),
            Binding("X", translate("Recipes", "Export the recipe"), self.export),
            Binding("Delete", translate("Recipes", "Retire the recipe"), self.retire),
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
        path = self.list.current
        return next((recipe for recipe in self._known if recipe.path == path), None)

    def use(self) -> None:
        """Put the recipe in force on Live, as it is stored."""
        recipe = self.current
        if recipe is None:
            return
        if self.draft.dirty:
            self._context.notify("info", translate("Recipes", "Save the changes first, or discard them."))
            return
        self._line.change_over(str(recipe.path), recipe.model)

    def new(self) -> None:
        """A recipe from what the model brings along."""
        if self._package is None:
            self._context.notify("info", translate("Recipes", "No model is loaded yet."))
        else:
            self.acts.new(self._package)

    def duplicate(self) -> None:
        """The chosen one again."""
        if self.current is not None:
            self.acts.duplicate(self.current)

    def export(self) -> None:
        """The chosen one to a file."""
        if self.current is not None:
            self.acts.ask_export(self.current)

    def retire(self) -> None:
        """The chosen one out of use, unless the line judges by it."""
        recipe = self.current
        if recipe is None:
            return
        if self.saving.in_force(recipe.path):
            self._context.notify(
                "info",
                translate("Recipes", "This recipe is in force on the line."),
                translate("Recipes", "Put another one on the line first."),
            )
        else:
            self.acts.ask_retire(recipe)

    def show_versions(self) -> None:
        """The versions of the chosen one."""
        if self.current is not None:
            self.saving.show_versions(self.current)

    def use_cheapest(self) -> None:
        """The threshold of the least cost on the known parts."""
        weighed = self.editor.weighing.weighed
        if weighed is None or weighed.curve is None:
            self._context.notify("info", translate("Recipes", "There are too few parts with a known truth."))
        elif self.draft.recipe is not None:
            self.editor.limits.shift(weighed.curve.cheapest)

    def take(self, mode: Any) -> None:
        """A tool for the region, or `whole`."""
        recipe = self.draft.recipe
        if recipe is None:
            return
        if mode == "whole":
            self.editor.region.whole()
        elif recipe.view.reference is None or mode == "measure":
            tool = self.preview.view.tool
            tool.take(mode)
            shape = Qt.CursorShape.ArrowCursor if tool.mode == "look" else Qt.CursorShape.CrossCursor
            self.preview.view.setCursor(shape)
            self.preview.view.setFocus()
        self.editor.region.show_mode(self.preview.view.tool.mode)

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
    def _lay_out(self, sizes: object) -> None:
        self.title.setProperty("role", "large")
        self.state.setProperty("role", "normal")
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.state.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        if not large_type():
            words.addWidget(self.state)
        top = QHBoxLayout()
        top.setSpacing(SPACING)
        top.addLayout(words, 1)
        for button in (self.discard_button, self.use_button, self.save_button):
            top.addWidget(button)
        for part in (self.list, self.preview, self.editor):
            self._split.addWidget(part)
        self._split.setStretchFactor(1, 1)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(2 * SPACING)
        self._split.setStyleSheet("QSplitter::handle { background: transparent; }")
        self._split.setSizes(kept_sizes(sizes) or [scaled(LIST_WIDTH), 10_000, scaled(EDITOR_WIDTH)])
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, SPACING, SPACING, SPACING)
        column.setSpacing(SPACING)
        column.addLayout(top)
        if large_type():
            column.addWidget(self.state)
        column.addWidget(self._split, 1)
        for word, key, act in (
            (translate("Recipes", "Duplicate"), "D", self.duplicate),
            (translate("Recipes", "Versions…"), "V", self.show_versions),
            (translate("Recipes", "Import…"), "I", self.acts.ask_import),
            (translate("Recipes", "Export…"), "X", self.export),
            (translate("Recipes", "Retire…"), "Del", self.retire),
            (translate("Recipes", "Try a picture file…"), "Ctrl+O", self.ask_file),
        ):
            self.list.add_act(word, key, act)

    def _connect(self) -> None:
        self.list.chosen.connect(self._choose)
        self.list.new_button.clicked.connect(self.new)
        self.save_button.clicked.connect(self.saving.ask)
        self.discard_button.clicked.connect(self.draft.discard)
        self.use_button.clicked.connect(self.use)
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
        self.acts.gone.connect(self._read_list)
        self.judge.judged.connect(self._judged)
        self.weighing.weighed.connect(self._weighed)
        self._split.splitterMoved.connect(self._keep_place)
        self._context.packageChanged.connect(self._package_changed)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _find_package(self) -> None:
        if self._context.package is not None:
            self._take_package(self._context.package)
        else:
            db, model = self._context.db, self._line.options.model
            self._context.jobs.run(lambda: choose_package(db, model), self._take_package)

    def _package_changed(self) -> None:
        if self.isVisible():
            self._read_list()
            self._find_package()

    def _take_package(self, package: ModelPackage) -> None:
        before, self._package = self._package, package
        self.saving.package = package
        self.preview.package = package
        self.editor.set_package(package)
        self.judge.use(package)
        self.weighing.read(package)
        if before is None or before.version != package.version:
            self._choose(self.list.current)

    def _read_list(self) -> None:
        folder, outside = self.acts.folder, self._line.options.recipe
        self._context.jobs.run(partial(read_recipes, folder, outside), self._listed)

    def _listed(self, found: tuple[tuple[StoredRecipe, ...], tuple[LinesideError, ...]]) -> None:
        self._known, wrong = found
        wanted = self._wanted or self.list.current
        self._wanted = None
        self.list.show_recipes(self._known, self._line.options.recipe, self.draft.drafts(), wanted)
        self._show_draft()
        for error in wrong[:1]:
            self._context.notify("warning", error.message, error.remedy)

    def _choose(self, path: Path | None) -> None:
        if path is not None and path.parent == self.acts.folder:
            self._context.remember("recipes", open=path.name)
        now = self.draft.stored
        same = now is not None and now.path == path and (self.draft.dirty or now.digest == self._newest(now).digest)
        if self._package is not None and not same:
            self.draft.open(path, self._package)

    def _newest(self, now: StoredRecipe) -> StoredRecipe:
        """The recipe as it is stored by now."""
        return next((recipe for recipe in self._known if recipe.path == now.path), now)

    def _made(self, path: Path) -> None:
        self._wanted = path
        self._read_list()

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
    def _show_draft(self) -> None:
        recipe, now, dirty = self.draft.recipe, self.draft.stored, self.draft.dirty
        self.title.setText(recipe.name if recipe is not None else translate("Recipes", "No recipe is open"))
        state = ""
        if now is not None:
            state = translate("Recipes", "version {version}").format(version=now.version)
            if self.saving.in_force(now.path):
                state += " · " + translate("Recipes", "in force on the line")
            if dirty:
                state += " · " + translate("Recipes", "changed, not saved")
            if self._newest(now).version > now.version:
                text = translate("Recipes", "version {version} was saved meanwhile")
                state += " · " + text.format(version=self._newest(now).version)
        self.state.setText(state)
        self.save_button.setEnabled(dirty)
        self.discard_button.setEnabled(dirty)
        self.use_button.setEnabled(now is not None and not self.saving.in_force(now.path))
        self.save_button.setProperty("role", "primary" if dirty else "")
        self.save_button.style().unpolish(self.save_button)
        self.save_button.style().polish(self.save_button)
        view = recipe.view if recipe is not None else None
        self.preview.view.tool.show(view.roi if view else None, view.polygon if view else ())
        self.judge.set_recipe(recipe)
        self.weighing.weigh(recipe, self.editor.weighing.prices)

    def _show_failed(self, why: str) -> None:
        self.editor.show_recipe(None)
        self.title.setText(translate("Recipes", "This recipe cannot be used with the active model"))
        self.state.setText(why)
        self.use_button.setEnabled(self.current is not None and not self.saving.in_force(self.current.path))

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

    def _keep_place(self) -> None:
        self._context.remember("recipes", split=self._split.sizes())
