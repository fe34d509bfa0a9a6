"""The Recipes page on screen: how the open recipe stands and three acts above, list, picture and editor below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.columns import Columns
from gui.widgets.elided import CutLabel
from gui.widgets.key_button import KeyButton

LIST_WIDTH, EDITOR_WIDTH = 224, 376


class RecipesView(QWidget):
    """List, picture and editor are made by the page; `columns.moved` follows a border between them."""

    def __init__(
        self, theme: Theme, parts: tuple[QWidget, QWidget, QWidget], widths: Sequence[int], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.title, self.state = CutLabel(), QLabel()
        self.save_button = KeyButton(theme, translate("Recipes", "Save…"), "Ctrl+S", "save", compact=True)
        self.discard_button = KeyButton(theme, translate("Recipes", "Discard"), "Z", "undo", compact=True)
        self.use_button = KeyButton(theme, translate("Recipes", "Put on the line"), "L", "live", compact=True)
        self.columns = Columns(parts, parts[1])
        self.columns.setSizes(list(widths) or [scaled(LIST_WIDTH), 10_000, scaled(EDITOR_WIDTH)])
        self._lay_out()

    def show_standing(self, title: str, state: str, *, dirty: bool, usable: bool) -> None:
        """The open recipe: what there is to save stands out."""
        self.title.setText(title)
        self.state.setText(state)
        self.save_button.setEnabled(dirty)
        self.discard_button.setEnabled(dirty)
        self.use_button.setEnabled(usable)
        self.save_button.setProperty("role", "primary" if dirty else "")
        self.save_button.style().unpolish(self.save_button)
        self.save_button.style().polish(self.save_button)

    def show_failed(self, why: str, *, usable: bool) -> None:
        """The chosen recipe cannot be opened."""
        self.title.setText(translate("Recipes", "This recipe cannot be used with the active model"))
        self.state.setText(why)
        self.use_button.setEnabled(usable)

    def _lay_out(self) -> None:
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
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, SPACING, SPACING, SPACING)
        column.setSpacing(SPACING)
        column.addLayout(top)
        if large_type():
            column.addWidget(self.state)
        column.addWidget(self.columns, 1)
