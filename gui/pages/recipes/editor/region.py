"""The inspected region: drawn on the picture with the mouse or moved by keys, and its part of the editor."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.domain.inspection import Box, Contour
from engine.domain.recipe import Recipe
from engine.recipes.view import MAX_COORDINATE, MIN_ROI
from gui.forms.fields import Number
from gui.i18n.language import number, translate
from gui.pages.recipes.editor.section import Section
from gui.pages.recipes.trial.region_tool import Mode
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton


class RegionSection(Section):
    """Buttons of the tools, the box in numbers, and the scale."""

    modeAsked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(translate("Recipes", "Region and scale"), parent)
        words = {
            "box": (translate("Recipes", "Rectangle"), "G"),
            "polygon": (translate("Recipes", "Polygon"), "P"),
            "whole": (translate("Recipes", "Whole picture"), "W"),
            "measure": (translate("Recipes", "Measure"), "M"),
        }
        self.buttons = {name: KeyButton(theme, word, key, compact=True) for name, (word, key) in words.items()}
        grid = QGridLayout()
        grid.setSpacing(SPACING)
        for index, (name, button) in enumerate(self.buttons.items()):
            button.setCheckable(name != "whole")
            button.clicked.connect(self._ask)
            grid.addWidget(button, *((index, 0) if large_type() else (index // 2, index % 2)))
        self.column.insertLayout(1, grid)
        sides = (
            translate("Recipes", "Left"),
            translate("Recipes", "Top"),
            translate("Recipes", "Width"),
            translate("Recipes", "Height"),
        )
        self.sides = [Number(word, 0 if i < 2 else MIN_ROI, MAX_COORDINATE, unit="px") for i, word in enumerate(sides)]
        for side in self.sides:
            self.row(side.accessibleName(), side)
            side.chosen.connect(self._typed)
        unknown = translate("Recipes", "not known")
        self.scale = Number(
            translate("Recipes", "Scale"), 0.00001, 1000.0, decimals=5, unit="mm/px", off=unknown, step=0.00001
        )
        self.row(self.scale.accessibleName(), self.scale)
        self.scale.chosen.connect(self._scaled)
        self.length = Number(translate("Recipes", "The line is"), 0.001, 1e6, decimals=3, unit="mm", off="?")
        self.length_word = self.row(self.length.accessibleName(), self.length)
        self.length.chosen.connect(self._told_length)
        self.words = self.note()
        self._line_px = 0.0
        self._show_line()

    def fill(self, recipe: Recipe) -> None:
        """Box, scale, and what else the recipe looks at."""
        view, found = recipe.view, view_words(recipe)
        for side, value in zip(self.sides, view.roi or (0, 0, MIN_ROI, MIN_ROI), strict=True):
            side.put(value)
            side.setEnabled(view.reference is None)
            self.form.setRowVisible(side, view.roi is not None)
        for button in ("box", "polygon", "whole"):
            self.buttons[button].setEnabled(view.reference is None)
        self.scale.put(recipe.limits.mm_per_px)
        self.words.setText(found)

    def show_mode(self, mode: Mode) -> None:
        """Which tool is in hand."""
        for name, button in self.buttons.items():
            button.setChecked(name == mode)

    def show_line(self, pixels: float) -> None:
        """A line was drawn: how long is it in truth?"""
        self._line_px = pixels
        self._show_line()
        self.length.put(None)
        self.length.setFocus()
        self.length.selectAll()

    def draw_box(self, box: Box) -> None:
        """The region is this box."""
        if self.recipe is not None:
            self.wish(replace(self.recipe, view=replace(self.recipe.view, roi=box)))
            self.fill(self.recipe)

    def draw_polygon(self, polygon: Contour) -> None:
        """Only what lies in here is inspected."""
        if self.recipe is not None:
            self.wish(replace(self.recipe, view=replace(self.recipe.view, polygon=polygon)))
            self.fill(self.recipe)

    def whole(self) -> None:
        """The region is the whole picture."""
        if self.recipe is not None and self.recipe.view.reference is None:
            self.wish(replace(self.recipe, view=replace(self.recipe.view, roi=None, polygon=())))
            self.fill(self.recipe)

    def _ask(self) -> None:
        sender = self.sender()
        name = next(name for name, button in self.buttons.items() if button is sender)
        self.modeAsked.emit(name)

    def _typed(self) -> None:
        x, y, width, height = (int(side.value()) for side in self.sides)
        self.draw_box((x, y, width, height))

    def _scaled(self, value: float | None) -> None:
        if self.recipe is not None:
            self.wish(replace(self.recipe, limits=replace(self.recipe.limits, mm_per_px=value)))

    def _told_length(self, value: float | None) -> None:
        if value and self._line_px:
            self.scale.put(value / self._line_px)
            self._scaled(value / self._line_px)

    def _show_line(self) -> None:
        shown = self._line_px > 0.0
        self.length.setVisible(shown)
        self.length_word.setVisible(shown)
        words = translate("Recipes", "The line of {pixels} px is").format(pixels=number(self._line_px, 1))
        self.length_word.setText(words)


def view_words(recipe: Recipe) -> str:
    """What of the picture is looked at, in words."""
    view, found = recipe.view, []
    if view.reference is not None:
        found.append(
            translate("Recipes", "The part is found first: the region lies in the golden picture and stays as it is.")
        )
    elif view.roi is None and not view.polygon:
        found.append(translate("Recipes", "The whole picture is inspected."))
    if view.polygon:
        found.append(translate("Recipes", "Polygon with %n corner(s).", "", len(view.polygon)))
    if view.tiles is not None:
        text = translate("Recipes", "Judged in tiles of {width} × {height} px.")
        found.append(text.format(width=view.tiles.width, height=view.tiles.height))
    return " ".join(found)
