"""Fields of a form: numbers that may be off, choices, a slider with its number; the wheel scrolls past them all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QComboBox, QDoubleSpinBox, QSlider, QSpinBox, QWidget

from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, scaled

STEPS = 1000
FIELD_WIDTH = 104
TEXT_MARGINS = (SPACING - 2, 0, 0, 0)
"""The style sheet's padding does not reach into a spin box."""


class QuietWheel(QObject):
    """The wheel is the column's, that scrolls past: a field turns by it with the focus in it, or `never`."""

    def __init__(self, field: QWidget, *, never: bool = False) -> None:
        super().__init__(field)
        self._field, self._never = field, never
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave the wheel to the column."""
        if event.type() is QEvent.Type.Wheel and (self._never or not self._field.hasFocus()):
            event.ignore()
            return True
        return False


def as_number(field: QSpinBox | QDoubleSpinBox, unit: str = "") -> None:
    """A field for a number with its unit, told once it is typed to the end."""
    field.setSuffix(f" {unit}" if unit else "")
    field.setKeyboardTracking(False)
    field.lineEdit().setTextMargins(*TEXT_MARGINS)


def as_choice(field: QComboBox) -> None:
    """A field to choose from, no wider than it has to be."""
    field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    field.setMinimumContentsLength(8)
    QuietWheel(field)


class Number(QDoubleSpinBox):
    """A number with its unit. `off`: the word for None, one step below the least."""

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
        as_number(self, unit)
        self.setGroupSeparatorShown(True)
        QuietWheel(self)
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

    def _told(self) -> None:
        self.chosen.emit(self.number)


class Choice(QComboBox):
    """Words for values."""

    chosen = Signal(object)

    def __init__(self, name: str, words: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        as_choice(self)
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

    def _told(self) -> None:
        self.chosen.emit(str(self.currentData()))


class Slider(QSlider):
    """Horizontal, and deaf to the wheel that scrolls the column it stands in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setMinimumHeight(scaled(24))
        QuietWheel(self, never=True)


class ShareField(QWidget):
    """A share 0…1 by slider and by number."""

    chosen = Signal(float)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = Slider()
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(STEPS // 20)
        self.slider.setAccessibleName(name)
        self.field = Number(name, 0.0, 1.0, decimals=3, step=0.01)
        row = QBoxLayout(QBoxLayout.Direction.BottomToTop if large_type() else QBoxLayout.Direction.LeftToRight, self)
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
