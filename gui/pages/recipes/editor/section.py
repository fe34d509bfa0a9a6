"""A titled part of the recipe editor: a form of fields with small words below it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from engine.domain.recipe import Recipe
from gui.theme.theme import CONTROL, SPACING, scaled


class Section(QWidget):
    """A titled part of the editor. `edited` carries the recipe as it is now wanted; `show_recipe` shows one."""

    edited = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipe: Recipe | None = None
        head = QLabel(title, wordWrap=True)
        head.setProperty("role", "large")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, SPACING)
        self.column.setSpacing(SPACING)
        self.column.addWidget(head)
        self.form = QFormLayout()
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.form.setHorizontalSpacing(2 * SPACING)
        self.form.setVerticalSpacing(SPACING)
        self.column.addLayout(self.form)

    def show_recipe(self, recipe: Recipe) -> None:
        """Show its values and tell nobody."""
        self.recipe = recipe
        self.fill(recipe)

    def fill(self, recipe: Recipe) -> None:
        """Put the values into the fields."""
        raise NotImplementedError

    def row(self, word: str, field: QWidget) -> QLabel:
        """One line of the form; its label."""
        label = QLabel(word, wordWrap=False)
        label.setProperty("role", "normal")
        label.setBuddy(field)
        label.setMinimumHeight(scaled(CONTROL))
        self.form.addRow(label, field)
        return label

    def note(self, text: str = "") -> QLabel:
        """Small words under the form."""
        label = QLabel(text, wordWrap=True)
        label.setProperty("role", "muted")
        label.setTextFormat(Qt.TextFormat.PlainText)
        self.column.addWidget(label)
        return label

    def wish(self, recipe: Recipe) -> None:
        """The recipe as it is wanted from now on."""
        self.recipe = recipe
        self.edited.emit(recipe)
