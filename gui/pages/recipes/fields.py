"""Fields of the recipe editor: a slider with its number, numbers that may be off, and titled sections of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QDoubleSpinBox, QFormLayout, QLabel, QSlider, QVBoxLayout, QWidget

from engine.domain.recipe import Recipe
from gui.theme.theme import CONTROL, SPACING, scaled

STEPS = 1000
FIELD_WIDTH = 104
TEXT_MARGINS = (SPACING - 2, 0, 0, 0)
"""The style sheet's padding does not reach into a spin box."""


def large() -> bool:
    """Type is so large that what stands side by side goes below each other."""
    return scaled(100) >= 150


class Number(QDoubleSpinBox):
    """A number that the wheel only turns with the focus in it. `off`: the word for None, one step below the least."""

    chosen = Signal(object)
    """float, or None where it is off."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        *,
        decimals: int = 0,
        unit: str = "",
        off: str = "",
        step: float = 0.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._off = bool(off)
        step = step or 10.0**-decimals
        self.setDecimals(decimals)
        self.setRange(low - step if off else low, high)
        self.setSingleStep(step)
        self.setSpecialValueText(off)
        self.setSuffix(f" {unit}" if unit else "")
        self.setKeyboardTracking(False)
        self.setGroupSeparatorShown(True)
        self.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setMinimumWidth(scaled(FIELD_WIDTH))
        self.valueChanged.connect(self._told)

    @property
    def number(self) -> float | None:
        """What is shown; None = off."""
        return None if self._off and self.value() <= self.minimum() else self.value()

    def put(self, value: float | None) -> None:
        """Show this and tell nobody."""
        with QSignalBlocker(self):
            self.setValue(self.minimum() if value is None else value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling past must not change a limit."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _told(self) -> None:
        self.chosen.emit(self.number)


class Choice(QComboBox):
    """Words for values; the wheel only turns it with the focus in it."""

    chosen = Signal(object)

    def __init__(self, name: str, words: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.offer(words)
        self.activated.connect(self._told)

    def offer(self, words: Sequence[tuple[str, str]]) -> None:
        """These values and their words, the first one chosen."""
        with QSignalBlocker(self):
            self.clear()
            for value, word in words:
                self.addItem(word, value)

    def put(self, value: str) -> None:
        """Show this and tell nobody."""
        with QSignalBlocker(self):
            self.setCurrentIndex(max(0, self.findData(value)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling past must not change a recipe."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _told(self) -> None:
        self.chosen.emit(str(self.currentData()))


class Slider(QSlider):
    """Horizontal, and deaf to the wheel that scrolls the column it stands in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setMinimumHeight(scaled(24))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Left to the column."""
        event.ignore()


class Share(QWidget):
    """A share 0…1 by slider and by number."""

    chosen = Signal(float)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = Slider()
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(STEPS // 20)
        self.slider.setAccessibleName(name)
        self.field = Number(name, 0.0, 1.0, decimals=3, step=0.01)
        row = QBoxLayout(QBoxLayout.Direction.BottomToTop if large() else QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)
        self.slider.valueChanged.connect(self._slid)
        self.field.chosen.connect(self._typed)

    def put(self, value: float) -> None:
        """Show this and tell nobody."""
        self.field.put(value)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(value * STEPS))

    def _slid(self, value: int) -> None:
        self.field.put(value / STEPS)
        self.chosen.emit(value / STEPS)

    def _typed(self, value: float) -> None:
        self.put(value)
        self.chosen.emit(value)


class Section(QWidget):
    """A titled part of the editor. `edited` carries the recipe as it is now wanted; `show_recipe` shows one."""

    edited = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipe: Recipe | None = None
        head = QLabel(title)
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
