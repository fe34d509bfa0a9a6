"""All keys of the window and the page, over everything; any key closes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.context import Binding
from gui.theme import LARGE, NORMAL, SMALL, SPACING, Theme, font

ROW = 4 * SPACING
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
        rows = max((len(table) for table in self._tables.values()), default=0)
        width = COLUMN * len(self._tables) + 4 * SPACING
        height = rows * ROW + 12 * SPACING
        panel = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(panel, 4, 4)
        for index, (title, table) in enumerate(self._tables.items()):
            self._column(painter, panel.left() + 4 * SPACING + index * COLUMN, panel.top() + 3 * SPACING, title, table)
        painter.setFont(font(SMALL))
        painter.setPen(self._theme.colour("muted"))
        foot = QRectF(panel.left(), panel.bottom() - 4 * SPACING, panel.width(), 3 * SPACING)
        painter.drawText(
            foot, Qt.AlignmentFlag.AlignCenter, "Esc or ? closes. A scanner's burst is never taken for keys."
        )

    def _column(self, painter: QPainter, left: float, top: float, title: str, table: Sequence[Binding]) -> None:
        painter.setPen(self._theme.colour("text"))
        painter.setFont(font(LARGE, bold=True))
        painter.drawText(QRectF(left, top, COLUMN, ROW), _MIDDLE, title)
        for row, binding in enumerate(table, start=1):
            y = top + SPACING + row * ROW
            cap = QRectF(left, y + 4, KEY_WIDTH - 2 * SPACING, ROW - 8)
            painter.setPen(self._theme.colour("line"))
            painter.setBrush(self._theme.colour("surface"))
            painter.drawRoundedRect(cap, 4, 4)
            painter.setPen(self._theme.colour("text"))
            painter.setFont(font(NORMAL))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, _key_words(binding.sequence))
            room = QRectF(left + KEY_WIDTH, y, COLUMN - KEY_WIDTH - 2 * SPACING, ROW)
            painter.drawText(room, _MIDDLE, binding.text)


_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_WORDS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter"}


def _key_words(sequence: str) -> str:
    return _WORDS.get(sequence, sequence)
