"""Rows of a form: a word, a field, and what is wrong with it; made one by one, or of a table that describes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from gui.forms.fields import QuietWheel, as_number
from gui.i18n.language import number, translate
from gui.i18n.messages import translated
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, scaled

CONTROL_WIDTH = 240
WIDEST = 360
"""In pixels, so that large type leaves room for the words beside it."""
WORD_WIDTH = 120
"""Of the words of a grid, so that grids below each other line up."""


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `low` to `high`; `factor` of them are one in the settings; `zero`: what 0 means, in words."""

    low: float
    high: float
    unit: str = ""
    zero: str = ""
    decimals: int = 0
    step: float = 1
    factor: float = 1


@dataclass(frozen=True, slots=True)
class Choices:
    """One of these; value → word."""

    words: dict[Any, str]


@dataclass(frozen=True, slots=True)
class Words:
    """A text. `read` makes the setting of it or raises InputError; `write` makes the text of the setting."""

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    empty: str = ""
    longest: int = 200


@dataclass(frozen=True, slots=True)
class Field:
    """One value. `key`: its place in what is filled in, with dots. `judges`: it touches judgement or records."""

    key: str
    title: str
    help: str
    kind: Switch | Range | Choices | Words
    judges: bool = False


class Problem(QLabel):
    """What is wrong with the value beside it, in a sentence; not there while nothing is."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.setProperty("role", "error")
        self.hide()

    def say(self, text: str) -> None:
        """Show this; empty = nothing is wrong."""
        self.setText(text)
        self.setVisible(bool(text))


class WordGrid(QGridLayout):
    """Words at the left, fields at the right, problems below; with large type all of it below each other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(SPACING)
        self.setVerticalSpacing(SPACING // 2)
        self.setColumnStretch(1, 1)
        if not large_type():
            self.setColumnMinimumWidth(0, scaled(WORD_WIDTH))
        self._row = 0

    def head(self, text: str) -> None:
        """A title over the rows that follow."""
        title = QLabel(text)
        title.setStyleSheet("font-weight: bold;")
        self.addWidget(title, self._row, 0, 1, 2)
        self.setRowMinimumHeight(self._row, 4 * SPACING)
        self._row += 1

    def field(self, word: str, field: QWidget) -> Problem:
        """One row; a switch carries its word itself. Where to say what is wrong with it."""
        field.setAccessibleName(word)
        problem, switch = Problem(), isinstance(field, QCheckBox)
        if large_type():
            if not switch:
                self.addWidget(QLabel(word), self._row, 0, 1, 2)
            self.addWidget(field, self._row + 1, 0, 1, 2)
        else:
            self.addWidget(QLabel("" if switch else word), self._row, 0)
            self.addWidget(field, self._row, 1)
        self.addWidget(problem, self._row + 2, 0, 1, 2)
        self._row += 3
        return problem


class FieldRow(QWidget):
    """Title, what it does, control. `changed` carries the field and the new value, as what is filled in holds it."""

    changed = Signal(object, object)

    def __init__(self, field: Field, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field, self._value = field, value
        self.control = _control(field.kind)
        self.control.setAccessibleName(field.title)
        self.control.setAccessibleDescription(field.help)
        QuietWheel(self.control, never=True)
        self.problem = Problem()
        self._lay_out()
        self.show_value(value)
        self._listen()

    def show_value(self, value: Any) -> None:
        """Show this value; tells nobody."""
        self._value = value
        kind, control = self.field.kind, self.control
        control.blockSignals(True)
        if isinstance(control, QCheckBox):
            control.setChecked(bool(value))
            control.setText(translate("Settings", "On") if value else translate("Settings", "Off"))
        elif isinstance(control, QSpinBox) and isinstance(kind, Range):
            control.setValue(round(value * kind.factor))
        elif isinstance(control, QDoubleSpinBox) and isinstance(kind, Range):
            control.setValue(value * kind.factor)
        elif isinstance(control, QComboBox):
            if control.findData(value) < 0:
                # The file may hold what the list does not offer.
                control.addItem(str(value), value)
            control.setCurrentIndex(control.findData(value))
        elif isinstance(control, QLineEdit) and isinstance(kind, Words):
            control.setText(kind.write(value))
        control.blockSignals(False)

    def complain(self, problem: str) -> None:
        """Say what is wrong, and what is allowed; empty = nothing is."""
        self.problem.say(problem)

    def _lay_out(self) -> None:
        title, help_ = QLabel(self.field.title, wordWrap=True), QLabel(self.field.help, wordWrap=True)
        help_.setProperty("role", "muted")
        if not self.field.help:
            help_.hide()
        words = QVBoxLayout()
        words.setSpacing(SPACING // 2)
        for label in (title, help_, self.problem):
            words.addWidget(label)
        self.control.setFixedWidth(min(scaled(CONTROL_WIDTH), WIDEST))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * SPACING)
        row.addLayout(words, 1)
        row.addWidget(self.control, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def _listen(self) -> None:
        control = self.control
        if isinstance(control, QCheckBox):
            control.toggled.connect(self._told)
        elif isinstance(control, QSpinBox | QDoubleSpinBox):
            control.valueChanged.connect(self._told)
        elif isinstance(control, QComboBox):
            control.currentIndexChanged.connect(self._told)
        elif isinstance(control, QLineEdit):
            control.editingFinished.connect(self._told)

    def _told(self, _what: object = None) -> None:
        try:
            value = self._read()
        except InputError as error:
            self.complain(f"{translated(error.message)} {translated(error.remedy)}")
            return
        self.complain("")
        if value != self._value:
            self.show_value(value)
            self.changed.emit(self.field, value)

    def _read(self) -> Any:
        kind, control = self.field.kind, self.control
        if isinstance(control, QCheckBox):
            return control.isChecked()
        if isinstance(control, QSpinBox) and isinstance(kind, Range):
            return control.value() if kind.factor == 1 else control.value() / kind.factor
        if isinstance(control, QDoubleSpinBox) and isinstance(kind, Range):
            return control.value() / kind.factor
        if isinstance(control, QComboBox):
            return control.currentData()
        assert isinstance(control, QLineEdit) and isinstance(kind, Words)
        return kind.read(control.text())


def _control(kind: Switch | Range | Choices | Words) -> QWidget:
    if isinstance(kind, Switch):
        return QCheckBox()
    if isinstance(kind, Choices):
        box = QComboBox()
        for value, word in kind.words.items():
            box.addItem(word, value)
        return box
    if isinstance(kind, Words):
        return QLineEdit(maxLength=kind.longest, placeholderText=kind.empty)
    spin: QSpinBox | QDoubleSpinBox
    if kind.decimals:
        spin = QDoubleSpinBox(decimals=kind.decimals, minimum=kind.low, maximum=kind.high, singleStep=kind.step)
    else:
        spin = QSpinBox(minimum=int(kind.low), maximum=int(kind.high), singleStep=int(kind.step))
    as_number(spin, kind.unit)
    spin.lineEdit().setTextMargins(SPACING, 0, SPACING, 0)
    spin.setSpecialValueText(kind.zero)
    spin.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
    allowed = translate("Settings", "{low} to {high}").format(low=number(kind.low), high=number(kind.high))
    spin.setToolTip(f"{allowed} {kind.unit}".strip())
    return spin
