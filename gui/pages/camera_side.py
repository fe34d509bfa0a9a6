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

from engine.imaging import Check
from engine.product import Value
from engine.sources.base import Capability
from gui.icons import icon
from gui.pages.camera_form import PICTURE, TEXT_MARGINS, TRIGGER, WORD_WIDTH, SettingsForm
from gui.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton

NO_SETTINGS = "This source has nothing to set."
NO_TRIGGER = "This source cannot be triggered: it gives its pictures by itself."
MAX_TAKT_S = 600.0
NO_GOLDEN = (
    "There is no golden picture yet. When light, focus and position are right, take the picture as golden: from then "
    "on the line warns when its pictures drift from it, and later sends parts to REVIEW."
)
FIGURES = {"brightness": "Brightness", "saturation": "Saturation", "focus": "Focus", "shift": "Shift"}
COLUMNS = ("", "golden", "now", "drift")
LEVELS = {
    "fine": ("fine", "ok", "text"),
    "warn": ("warns", "warning", "review"),
    "review": ("REVIEW", "question", "review"),
}


NONE = "–"
"""Not judged: the two pictures are too unlike, too flat or too dark."""

GOVERNED = {"auto_exposure": ("exposure_us",), "auto_gain": ("gain_db", "gain_raw"), "auto_focus": ("focus",)}
"""What the camera sets itself while a switch is on."""


class CameraSide(QWidget):
    """Three tabs and the page's two acts."""

    changed = Signal(str, object)
    """A setting and its new value."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.form = SettingsForm(PICTURE, NO_SETTINGS)
        self.trigger_form = SettingsForm(TRIGGER, NO_TRIGGER)
        self.takt = QDoubleSpinBox()
        self.trigger_button = KeyButton(theme, "Trigger now", "T", "record", compact=True)
        self.selftest = SelfTest(theme)
        self.golden_button = KeyButton(theme, "Take this picture as golden", "G", "snapshot", compact=True)
        self.use_button = KeyButton(theme, "Use this camera", "U", "camera", primary=True)
        self.save_button = KeyButton(theme, "Save in recipe", "Ctrl+S", "save")
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
        values = self.form.values | self.trigger_form.values
        for switch, governed in GOVERNED.items():
            if values.get(switch) is True:
                for name in governed:
                    values.pop(name, None)
        return values

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
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setExpanding(True)
        self.tabs.tabBar().setDrawBase(False)
        for page, word in ((self.form, "Settings"), (trigger, "Trigger"), (test, "Self-test")):
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
        self.takt.setSuffix(" s")
        self.takt.setSpecialValueText("not watched")
        self.takt.setKeyboardTracking(False)
        self.takt.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.takt.setAccessibleName("Takt")
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING)
        grid.setColumnMinimumWidth(0, WORD_WIDTH)
        grid.setColumnStretch(1, 1)
        hint = QLabel("A trigger without a verdict for so long raises the alarm.", wordWrap=True)
        hint.setProperty("role", "muted")
        grid.addWidget(QLabel("Takt"), 0, 0)
        grid.addWidget(self.takt, 0, 1)
        grid.addWidget(hint, 1, 0, 1, 2)
        return row


class SelfTest(QWidget):
    """Figure, golden, now, drift, limits, verdict; one row each."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._checks: tuple[Check, ...] = ()
        self.words = QLabel(NO_GOLDEN, wordWrap=True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setProperty("role", "muted")
        self._table = QFrame()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING)
        self._cells = {name: [QLabel() for _ in COLUMNS] for name in FIGURES}
        self._limits = {name: QLabel() for name in FIGURES}
        self._marks = {name: QLabel() for name in FIGURES}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self._table)
        column.addWidget(self.words)
        self._lay_out(grid)
        self._table.hide()
        theme.changed.connect(lambda: self.show_checks(self._checks))

    def text(self, figure: str) -> tuple[str, ...]:
        """What one row shows: figure, golden, now, drift; verdict and limits."""
        return *(cell.text() for cell in self._cells[figure]), self._limits[figure].text()

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
            word, symbol, token = LEVELS[check.level]
            for cell, text in zip(cells, (FIGURES[check.name], *_row(check)), strict=True):
                cell.setText(text)
            self._limits[check.name].setText(f"{word}: {_limits(check)}")
            colour = getattr(self._theme.colours, token)
            self._marks[check.name].setPixmap(icon(symbol, colour).pixmap(16, 16))
            bold = "" if check.level == "fine" else f"font-weight: bold; color: {self._theme.colours.text};"
            for cell in (cells[-1], self._limits[check.name]):
                cell.setStyleSheet(bold)
        told = [check.words for check in checks if check.words]
        self.words.setText("\n".join(w[:1].upper() + w[1:] for w in told) or "The picture is as the golden one.")

    def _lay_out(self, grid: QGridLayout) -> None:
        grid.setColumnStretch(1, 1)
        for at, word in enumerate(COLUMNS[1:], start=2):
            head = QLabel(word)
            head.setProperty("role", "muted")
            grid.addWidget(head, 0, at, Qt.AlignmentFlag.AlignRight)
        for number, (name, cells) in enumerate(self._cells.items()):
            row = 1 + 2 * number
            grid.addWidget(self._marks[name], row, 0)
            for at, cell in enumerate(cells, start=1):
                grid.addWidget(cell, row, at, Qt.AlignmentFlag.AlignRight if at > 1 else Qt.AlignmentFlag.AlignLeft)
            self._limits[name].setProperty("role", "muted")
            grid.addWidget(self._limits[name], row + 1, 1, 1, len(COLUMNS))


def _row(check: Check) -> tuple[str, str, str]:
    """Golden, now and drift, in the figure's own unit; sharpness that was lost is negative."""
    if check.name == "shift":
        now = NONE if isnan(check.now) else f"{check.now:.1f} px"
        return "0 px", now, now
    drift = NONE if isnan(check.drift) else f"{(-1 if check.name == 'focus' else 1) * check.drift * 100:+.1f} %"
    if check.name == "focus":
        return f"{check.golden:.3f}", f"{check.now:.3f}", drift
    return f"{check.golden * 100:.1f} %", f"{check.now * 100:.1f} %", drift


def _limits(check: Check) -> str:
    warn, review = check.limit
    scale, unit = (1, "px") if check.name == "shift" else (100, "%")
    return f"warns over {warn * scale:g} {unit}, REVIEW over {review * scale:g} {unit}"


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
