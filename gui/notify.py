"""Notices: one sentence and its remedy, shown in a bar that blocks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from engine.errors import LinesideError
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.theme.icons import icon
from gui.theme.theme import SPACING, TOUCH, Theme, scaled

Kind = Literal["info", "warning", "error"]
INFO_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Notice:
    """What the operator is told: one sentence, and what to do about it."""

    kind: Kind
    message: str
    remedy: str = ""


def notice_of(error: Exception) -> Notice:
    """A LinesideError's own words; anything else is a bug of ours and says so."""
    if isinstance(error, LinesideError):
        return Notice("error", translated(error.message), translated(error.remedy))
    what = f"{type(error).__name__}: {error}"
    message = translate("Window", "Something went wrong inside Lineside ({what}).").format(what=what)
    return Notice("error", message, translate("Window", "Go on working and report this line."))


class NoticeBar(QWidget):
    """Shows the newest notice; earlier ones wait behind it. Information leaves by itself, the rest is dismissed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._waiting: list[Notice] = []
        self._icon, self._text, self._more = QLabel(), QLabel(), QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._more.setProperty("role", "muted")
        self._close = QPushButton(translate("Window", "Dismiss"))
        self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, 0, SPACING, 0)
        row.setSpacing(2 * SPACING)
        for widget in (self._icon, self._text, self._more, self._close):
            row.addWidget(widget)
        row.setStretch(1, 1)
        self.setMinimumHeight(scaled(TOUCH + SPACING))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        theme.changed.connect(self._show_newest)
        self.hide()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is shown and what waits, oldest first."""
        return tuple(self._waiting)

    def tell(self, notice: Notice) -> None:
        """Show a notice; the same one twice is shown once, and information gives way to what comes after it."""
        self._waiting = [n for n in self._waiting if n != notice and n.kind != "info"][-9:]
        self._waiting.append(notice)
        self._show_newest()

    def dismiss(self) -> None:
        """Take the newest away and show the one before, if any."""
        if self._waiting:
            self._waiting.pop()
        self._show_newest()

    def _show_newest(self) -> None:
        self._timer.stop()
        self.setVisible(bool(self._waiting))
        if not self._waiting:
            return
        newest = self._waiting[-1]
        token = {"info": "accent", "warning": "review", "error": "ng"}[newest.kind]
        self._icon.setPixmap(icon(newest.kind, getattr(self._theme.colours, token)).pixmap(24, 24))
        self._text.setText(f"{newest.message}  {newest.remedy}".strip())
        more = translate("Window", "1 of {count}").format(count=len(self._waiting))
        self._more.setText(more if len(self._waiting) > 1 else "")
        if newest.kind == "info":
            self._timer.start(INFO_SECONDS * 1000)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised bar with the kind's colour at its left edge."""
        if not self._waiting:
            return
        token = {"info": "accent", "warning": "review", "error": "ng"}[self._waiting[-1].kind]
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("raised"))
        painter.fillRect(0, 0, self.width(), 1, self._theme.colour("line"))
        painter.fillRect(0, 0, SPACING // 2, self.height(), self._theme.colour(token))
