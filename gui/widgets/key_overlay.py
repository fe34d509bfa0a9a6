"""All keys of the window and the page, over everything; any key closes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.context import Binding
from gui.theme import LARGE, NORMAL, SMALL, SPACING, Theme, font

Row = tuple[str, str]
"""Key cap, what it does."""
ROW = 4 * SPACING
MAX_ROWS = 16
KEY_WIDTH = 104
COLUMN = 376


class KeyOverlay(QWidget):
    """Tables of bindings, one column each; drawn, because it holds nothing to act on."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._over = theme, parent
        self._tables: Mapping[str, Sequence[Binding]] = {}
        self.hide()

    @property
    def listed(self) -> tuple[str, ...]:
        """The key sequences shown."""
        return tuple(b.sequence for table in self._tables.values() for b in table)

    def open_with(self, tables: Mapping[str, Sequence[Binding]]) -> None:
        """Show these, title → bindings."""
        self._tables = tables
        self.setGeometry(self._over.rect())
        self.show()
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere closes."""
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil, a panel in the middle, key caps and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.colours.sunken)
        veil.setAlpha(200)
        painter.fillRect(self.rect(), veil)
        columns = self._columns()
        rows = max((len(table) for _, table in columns), default=0)
        each = min(COLUMN, (self.width() - 8 * SPACING) // len(columns))
        width = each * len(columns) + 4 * SPACING
        height = rows * ROW + 12 * SPACING
        panel = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(panel, 4, 4)
        for index, (title, table) in enumerate(columns):
            at = QRectF(panel.left() + 4 * SPACING + index * each, panel.top() + 3 * SPACING, each, height)
            self._column(painter, at, title, table)
        painter.setFont(font(SMALL))
        painter.setPen(self._theme.colour("muted"))
        foot = QRectF(panel.left(), panel.bottom() - 4 * SPACING, panel.width(), 3 * SPACING)
        painter.drawText(
            foot, Qt.AlignmentFlag.AlignCenter, "Esc or ? closes. A scanner's burst is never taken for keys."
        )

    def _columns(self) -> list[tuple[str, list[Row]]]:
        """Long tables go on in a further column without a title."""
        tables = {title: folded(table) for title, table in self._tables.items()}
        return [
            (title if start == 0 else "", rows[start : start + MAX_ROWS])
            for title, rows in tables.items()
            for start in range(0, max(1, len(rows)), MAX_ROWS)
        ]

    def _column(self, painter: QPainter, box: QRectF, title: str, rows: list[Row]) -> None:
        painter.setPen(self._theme.colour("text"))
        painter.setFont(font(LARGE, bold=True))
        painter.drawText(QRectF(box.left(), box.top(), box.width(), ROW), _MIDDLE, title)
        painter.setFont(font(NORMAL))
        metrics = painter.fontMetrics()
        for index, (key, text) in enumerate(rows, start=1):
            y = box.top() + SPACING + index * ROW
            cap = QRectF(box.left(), y + 4, KEY_WIDTH - 2 * SPACING, ROW - 8)
            painter.setPen(self._theme.colour("line"))
            painter.setBrush(self._theme.colour("surface"))
            painter.drawRoundedRect(cap, 4, 4)
            painter.setPen(self._theme.colour("text"))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)
            room = QRectF(box.left() + KEY_WIDTH, y, box.width() - KEY_WIDTH - SPACING, ROW)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, _MIDDLE, shown)


def folded(table: Sequence[Binding]) -> list[Row]:
    """Rows as drawn: neighbours that say the same but for a number become one (`1 … 9`)."""
    rows: list[Row] = []
    for text, group in groupby(table, key=lambda binding: binding.text.rstrip("0123456789")):
        bound = list(group)
        names = list(dict.fromkeys(_key_words(b.sequence) for b in bound))
        if len(bound) == 1:
            rows.append((names[0], bound[0].text))
        else:
            rows.append((names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}", text.rstrip()))
    return rows


_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_WORDS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter"}


def _key_words(sequence: str) -> str:
    return _WORDS.get(sequence, sequence)
