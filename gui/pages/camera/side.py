"""The right column of the Camera page: settings, trigger, self-test of the picture, and what to do with all that."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.domain.inspection import Outcome, Value
from engine.sources.base import Capability
from engine.station.drift import Check
from gui.forms.fields import as_number
from gui.forms.rows import WORD_WIDTH
from gui.i18n.language import number, outcome_word, percent, translate
from gui.pages.camera.form import PICTURE, TRIGGER, SettingsForm
from gui.pages.camera.presenter import ungoverned
from gui.theme.icons import icon
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton

MAX_TAKT_S = 600.0
FIGURES = ("brightness", "saturation", "focus", "shift")
COLUMNS = 4
"""Figure, golden, now, drift."""
LEVELS = {"fine": ("ok", "text"), "warn": ("warning", "review"), "review": ("question", "review")}


NONE = "–"
"""Not judged: the two pictures are too unlike, too flat or too dark."""


class CameraSide(QWidget):
    """Three tabs and the page's two acts."""

    changed = Signal(str, object)
    """A setting and its new value."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        never = translate("Camera", "This source cannot be triggered: it gives its pictures by itself.")
        self.form = SettingsForm(PICTURE, translate("Camera", "This source has nothing to set."))
        self.trigger_form = SettingsForm(TRIGGER, never)
        self.takt = QDoubleSpinBox()
        self.trigger_button = KeyButton(theme, translate("Camera", "Trigger now"), "T", "record", compact=True)
        self.selftest = SelfTest(theme)
        golden = translate("Camera", "Take this picture as golden")
        self.golden_button = KeyButton(theme, golden, "G", "snapshot", compact=True)
        self.use_button = KeyButton(theme, translate("Camera", "Use this camera"), "U", "camera", primary=True)
        self.save_button = KeyButton(theme, translate("Camera", "Save in recipe"), "Ctrl+S", "save")
        self.tabs = QTabWidget()
        self.told = QLabel(wordWrap=True)
        self._lay_out()
        for form in (self.form, self.trigger_form):
            form.changed.connect(self.changed)
        self.set_caps(())

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────
    def set_caps(self, caps: Sequence[Capability]) -> None:
        """Every setting as it stands now."""
        self.form.set_caps(caps)
        self.trigger_form.set_caps(caps)
        mode = self.trigger_form.values.get("trigger", "off")
        self.trigger_button.setEnabled(mode == "software")
        self.trigger_button.setVisible(bool(self.trigger_form.editors))
        self._takt_row.setVisible(bool(self.trigger_form.editors))

    def refuse(self, name: str, words: str) -> None:
        """A setting that was not taken."""
        for form in (self.form, self.trigger_form):
            form.refuse(name, words)

    @property
    def values(self) -> dict[str, Value]:
        """Every setting that could be changed, as it stands; what the camera governs itself is left out."""
        return ungoverned(self.form.values | self.trigger_form.values)

    def show_use(self, *, chosen: bool, on_line: bool) -> None:
        """Whether the line uses what is looked at, or can."""
        uses, use = translate("Camera", "The line uses it"), translate("Camera", "Use this camera")
        self.use_button.setEnabled(chosen and not on_line)
        self.use_button.setText(uses if on_line else use)

    def tell(self, text: str) -> None:
        """One line for what was just done."""
        self.told.setText(text)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        self._takt_row = self._takt()
        trigger = QWidget()
        column = QVBoxLayout(trigger)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for widget in (self.trigger_form, self._takt_row, self.trigger_button):
            column.addWidget(widget)
        column.addStretch(1)
        test = QWidget()
        column = QVBoxLayout(test)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACING)
        column.addWidget(self.selftest)
        column.addWidget(self.golden_button)
        column.addStretch(1)
        words = translate("Camera", "Settings"), translate("Camera", "Trigger"), translate("Camera", "Self-test")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setExpanding(True)
        self.tabs.tabBar().setDrawBase(False)
        if large_type():
            self.tabs.tabBar().setStyleSheet("QTabBar::tab { padding: 8px 4px; }")
        for page, word in zip((self.form, trigger, test), words, strict=True):
            self.tabs.addTab(_scrolled(page), word)
        self.told.setProperty("role", "muted")
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.told)
        column.addWidget(self.save_button)
        column.addWidget(self.use_button)

    def _takt(self) -> QWidget:
        self.takt.setRange(0.0, MAX_TAKT_S)
        self.takt.setDecimals(2)
        self.takt.setSingleStep(0.1)
        self.takt.setSpecialValueText(translate("Camera", "not watched"))
        as_number(self.takt)
        self.takt.setSuffix(translate("Camera", " s"))
        self.takt.setAccessibleName(translate("Camera", "Takt"))
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING)
        if not large_type():
            grid.setColumnMinimumWidth(0, scaled(WORD_WIDTH))
        grid.setColumnStretch(1, 1)
        hint = QLabel(translate("Camera", "A trigger without a verdict for so long raises the alarm."), wordWrap=True)
        hint.setProperty("role", "muted")
        grid.addWidget(QLabel(translate("Camera", "Takt")), 0, 0)
        grid.addWidget(self.takt, 0, 1)
        grid.addWidget(hint, 1, 0, 1, 2)
        return row


class SelfTest(QWidget):
    """Figure, golden, now, drift, limits, verdict; one row each."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._checks: tuple[Check, ...] = ()
        self.words = QLabel(no_golden(), wordWrap=True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setProperty("role", "muted")
        self._table = QFrame()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING)
        self._cells = {name: [QLabel() for _ in range(COLUMNS)] for name in FIGURES}
        self._limits = {name: QLabel() for name in FIGURES}
        self._marks = {name: QLabel() for name in FIGURES}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self._table)
        column.addWidget(self.words)
        self._lay_out(grid)
        self._table.hide()
        theme.changed.connect(self._colour)

    def text(self, figure: str) -> tuple[str, ...]:
        """What one row shows: figure, golden, now, drift; verdict and limits."""
        return *(cell.text() for cell in self._cells[figure]), self._limits[figure].text()

    def show_result(self, result: tuple[Check, ...] | str) -> None:
        """The checks, or why they cannot be made."""
        if isinstance(result, str):
            self.tell(result)
        else:
            self.show_checks(result)

    def tell(self, words: str) -> None:
        """No table, but this."""
        self._checks = ()
        self._table.hide()
        self.words.setText(words)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """The picture against the golden one."""
        self._checks = tuple(checks)
        if not checks:
            return
        self._table.show()
        for check in checks:
            cells = self._cells[check.name]
            symbol, token = LEVELS[check.level]
            for cell, text in zip(cells, (_figure(check.name), *_row(check)), strict=True):
                cell.setText(text)
            self._limits[check.name].setText(f"{_level(check.level)}: {_limits(check)}")
            colour = getattr(self._theme.colours, token)
            self._marks[check.name].setPixmap(icon(symbol, colour).pixmap(16, 16))
            bold = "" if check.level == "fine" else f"font-weight: bold; color: {self._theme.colours.text};"
            for cell in (cells[-1], self._limits[check.name]):
                cell.setStyleSheet(bold)
        as_golden = translate("Camera", "The picture is as the golden one.")
        told = [check.words for check in checks if check.words]
        self.words.setText("\n".join(w[:1].upper() + w[1:] for w in told) or as_golden)

    def _colour(self) -> None:
        self.show_checks(self._checks)

    def _lay_out(self, grid: QGridLayout) -> None:
        grid.setColumnStretch(1, 1)
        heads = translate("Camera", "golden"), translate("Camera", "now"), translate("Camera", "drift")
        for at, word in enumerate(heads, start=2):
            head = QLabel(word)
            head.setProperty("role", "muted")
            grid.addWidget(head, 0, at, Qt.AlignmentFlag.AlignRight)
        for place, (name, cells) in enumerate(self._cells.items()):
            row = 1 + 2 * place
            grid.addWidget(self._marks[name], row, 0)
            for at, cell in enumerate(cells, start=1):
                grid.addWidget(cell, row, at, Qt.AlignmentFlag.AlignRight if at > 1 else Qt.AlignmentFlag.AlignLeft)
            self._limits[name].setProperty("role", "muted")
            grid.addWidget(self._limits[name], row + 1, 1, 1, COLUMNS)


def _row(check: Check) -> tuple[str, str, str]:
    """Golden, now and drift, in the figure's own unit; sharpness that was lost is negative."""
    if check.name == "shift":
        now = NONE if isnan(check.now) else f"{number(check.now, 1)} px"
        return "0 px", now, now
    moved = (-1 if check.name == "focus" else 1) * check.drift
    drift = NONE if isnan(moved) else f"{'+' if moved >= 0 else ''}{percent(moved)}"
    if check.name == "focus":
        return number(check.golden, 3), number(check.now, 3), drift
    return percent(check.golden), percent(check.now), drift


def _limits(check: Check) -> str:
    warn, review = check.limit
    scale, unit = (1, "px") if check.name == "shift" else (100, "%")
    words = translate("Camera", "warns over {warn} {unit}, REVIEW over {review} {unit}")
    return words.format(warn=_plain(warn * scale), review=_plain(review * scale), unit=unit)


def _plain(value: float) -> str:
    """Without zeros that say nothing."""
    return number(value, 0 if float(value).is_integer() else 1)


def _figure(name: str) -> str:
    words = {
        "brightness": translate("Camera", "Brightness"),
        "saturation": translate("Camera", "Saturation"),
        "focus": translate("Camera", "Focus"),
        "shift": translate("Camera", "Shift"),
    }
    return words[name]


def _level(level: str) -> str:
    words = {"fine": translate("Camera", "fine"), "warn": translate("Camera", "warns")}
    return words.get(level, outcome_word(Outcome.REVIEW))


def no_golden() -> str:
    """What to do while there is nothing to compare with."""
    return translate(
        "Camera",
        "There is no golden picture yet. When light, focus and position are right, take the picture as golden: from "
        "then on the line warns when its pictures drift from it, and later sends parts to REVIEW.",
    )


def _scrolled(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, SPACING, SPACING, SPACING)
    column.addWidget(inside)
    column.addStretch(1)
    area.setWidget(holder)
    return area
