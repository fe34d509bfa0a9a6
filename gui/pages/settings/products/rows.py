"""One product in the list: its names, what judges it, how many parts bear its name, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from db.runs.products import Overview
from gui.i18n.language import translate
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton

STACKED = 150
"""From this size of type in per cent on, the acts have a line of their own."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A product as the list shows it. `now`: it is the one inspected."""

    of: Overview
    parts: int
    now: bool = False

    @property
    def state(self) -> str:
        """How it stands."""
        if self.of.product.retired:
            return translate("Settings", "retired")
        return translate("Settings", "inspected now") if self.now else translate("Settings", "in use")

    @property
    def title(self) -> str:
        """Its name, and those it had."""
        product = self.of.product
        if not product.former_names:
            return product.name
        once = translate("Settings", "once {names}").format(names=", ".join(product.former_names))
        return f"{product.name}  ({once})"

    @property
    def words(self) -> str:
        """State, recipe, model and parts."""
        recipe, model = self.of.in_force, self.of.model
        if recipe is not None:
            by = translate("Settings", "recipe {name} {version}").format(name=recipe.name, version=recipe.version)
        elif self.of.product.recipe is not None:
            by = translate("Settings", "a recipe that cannot be read")
        else:
            by = translate("Settings", "the model's own limits")
        judges = translate("Settings", "no model yet")
        if model is not None:
            judges = translate("Settings", "model {name} {version}").format(name=model.name, version=model.version)
        return " · ".join((self.state, by, judges, translate("Settings", "%n part(s)", "", self.parts)))


class ProductRow(QWidget):
    """What the list says of one product, and a button for each act."""

    def __init__(self, theme: Theme, kept: Kept) -> None:
        super().__init__()
        product = kept.of.product
        self.name = QLabel(kept.title, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.said = QLabel(kept.words, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.said.setProperty("role", "muted")
        self.export = KeyButton(theme, translate("Settings", "Export…"), compact=True)
        self.rename = KeyButton(theme, translate("Settings", "Rename…"), compact=True)
        ends = translate("Settings", "Restore…") if product.retired else translate("Settings", "Retire…")
        self.end = KeyButton(theme, ends, compact=True)
        acts = (self.export, self.rename, self.end)
        for button in acts:
            button.setAccessibleName(f"{button.text()} {product.name}")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.said)
        below = scaled(100) >= STACKED
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING)
        grid.setColumnStretch(0, 1)
        grid.addLayout(words, 0, 0, 1, 4 if below else 1)
        for column, button in enumerate(acts, start=1):
            grid.addWidget(button, int(below), column)
