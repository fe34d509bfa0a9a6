"""All keys of the window and the page, over everything; a click, Esc or `?` closes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHideEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from gui.i18n.language import translate
from gui.page import Binding
from gui.theme.theme import LARGE, NORMAL, SMALL, SPACING, Theme, font, scaled
from gui.widgets.key_button import key_words

Row = tuple[str, str]
"""Key cap, what it does."""
ROW = 4 * SPACING
MOST_ROWS = 16
MOST_LINES = 1000
LEAST_CAP = 64
COLUMN = 376
LEAST_COLUMN = 240
_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class KeyOverlay(QWidget):
    """Tables of bindings over a veil; what does not fit is scrolled to, by wheel, touch, Page Up and Page Down."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._over = theme, parent
        self._tables: Mapping[str, Sequence[Binding]] = {}
        self._before: QWidget | None = None
        self._sheet = _Sheet(theme)
        self._panel = QFrame(self)
        self._panel.setProperty("role", "panel")
        self._scroll = QScrollArea(self._panel)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        self._scroll.setWidget(self._sheet)
        self._foot = QLabel(translate("Keys", "Esc or ? closes. A scanner's burst is never taken for keys."))
        self._foot.setProperty("role", "muted")
        self._foot.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._foot.setWordWrap(True)
        column = QVBoxLayout(self._panel)
        column.setContentsMargins(4 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._foot)
        self.hide()

    @property
    def listed(self) -> tuple[str, ...]:
        """The key sequences shown."""
        return tuple(b.sequence for table in self._tables.values() for b in table)

    @property
    def whole(self) -> bool:
        """Whether every word is shown in full."""
        return self._sheet.whole

    def open_with(self, tables: Mapping[str, Sequence[Binding]]) -> None:
        """Show these, title → bindings."""
        self._tables = tables
        self.setGeometry(self._over.rect())
        self._place()
        self._scroll.verticalScrollBar().setValue(0)
        self.show()
        self.raise_()
        # So that Page Down scrolls; the focus goes back where it was.
        self._before = self.window().focusWidget()
        self._scroll.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """The focus goes back."""
        super().hideEvent(event)
        if self._before is not None and isValid(self._before):
            self._before.setFocus()
        self._before = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The panel stays in the middle, no larger than the window."""
        super().resizeEvent(event)
        self._place()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere closes."""
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil."""
        veil = QColor(self._theme.colours.sunken)
        veil.setAlpha(200)
        QPainter(self).fillRect(self.rect(), veil)

    def _place(self) -> None:
        if not self._tables:
            return
        around, foot = 7 * SPACING, scaled(3 * SMALL) + 7 * SPACING
        room = QSize(self.width() - 4 * SPACING - around, self.height() - 4 * SPACING - foot)
        wanted = self._sheet.flow({title: folded(table) for title, table in self._tables.items()}, room)
        self._sheet.resize(wanted)
        size = QSize(wanted.width() + around + 2 * SPACING, min(wanted.height(), room.height()) + foot)
        self._panel.resize(size.boundedTo(self.size() - QSize(2 * SPACING, 2 * SPACING)))
        self._panel.move((self.width() - self._panel.width()) // 2, (self.height() - self._panel.height()) // 2)


class _Cell(NamedTuple):
    """One line of the sheet and its place; a title has no key."""

    column: int
    line: int
    key: str
    text: str


class _Sheet(QWidget):
    """Titles, key caps and words in columns; drawn, because it holds nothing to act on."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._cells: list[_Cell] = []
        self._each = self._cap = self._height = 0

    @property
    def whole(self) -> bool:
        """Whether every word is shown in full, in two lines if need be."""
        return all(self._fits(cell.text, 2) for cell in self._cells if cell.key)

    def flow(self, tables: Mapping[str, Sequence[Row]], room: QSize) -> QSize:
        """Lay out for this room: a table's rows go on in the next column; the size needed, which may be higher."""
        metrics = QFontMetrics(font(NORMAL))
        rows = [row for table in tables.values() for row in table]
        keys = max((metrics.horizontalAdvance(key) for key, _ in rows), default=0)
        words = max((metrics.horizontalAdvance(text) for _, text in rows), default=0)
        self._cap = max(scaled(LEAST_CAP), keys + 2 * SPACING)
        wide = self._cap + words + 5 * SPACING
        columns = max(1, room.width() // max(scaled(LEAST_COLUMN), min(scaled(COLUMN), wide)))
        lines = min(max(2, room.height() // scaled(ROW)), MOST_ROWS + 1)
        while lines < MOST_LINES and len(_broken(tables, lines)) > columns:
            lines += 1
        placed = _broken(tables, lines)
        self._each = min(max(wide, scaled(LEAST_COLUMN)), room.width() // len(placed))
        one = all(self._fits(text, 1) for _, text in rows)
        self._height = scaled(ROW) if one else 2 * metrics.height() + SPACING
        self._cells = [_Cell(at, line, *row) for at, rows in enumerate(placed) for line, row in enumerate(rows)]
        self.update()
        return QSize(self._each * len(placed), max((len(rows) for rows in placed), default=0) * self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Every cell."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height, cap_height = self._height, scaled(ROW) - SPACING
        for cell in self._cells:
            box = QRectF(cell.column * self._each, cell.line * height, self._each, height)
            painter.setPen(self._theme.colour("text"))
            if not cell.key:
                painter.setFont(font(LARGE, bold=True))
                painter.drawText(box, _MIDDLE, cell.text)
                continue
            painter.setFont(font(NORMAL))
            cap = QRectF(box.left() + 0.5, box.center().y() - cap_height / 2, self._cap, cap_height)
            painter.setPen(self._theme.colour("line"))
            painter.setBrush(self._theme.colour("surface"))
            painter.drawRoundedRect(cap, 4, 4)
            painter.setPen(self._theme.colour("text"))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, cell.key)
            words = QRectF(cap.right() + 2 * SPACING, box.top(), self._room, height)
            painter.drawText(words, _MIDDLE | int(Qt.TextFlag.TextWordWrap), cell.text)

    @property
    def _room(self) -> int:
        """Width of the words beside a cap."""
        return self._each - self._cap - 4 * SPACING

    def _fits(self, text: str, lines: int) -> bool:
        metrics = QFontMetrics(font(NORMAL))
        room = QRect(0, 0, self._room, 10_000)
        wrapped = metrics.boundingRect(room, _MIDDLE | int(Qt.TextFlag.TextWordWrap), text)
        return wrapped.width() <= self._room and wrapped.height() < (lines + 0.5) * metrics.height()


def folded(table: Sequence[Binding]) -> list[Row]:
    """Rows as drawn: neighbours that say the same but for a number become one (`1 … 9`)."""
    rows: list[Row] = []
    for text, group in groupby(table, key=lambda binding: binding.text.rstrip("0123456789")):
        bound = list(group)
        names = list(dict.fromkeys(key_words(b.sequence) for b in bound))
        if len(bound) == 1:
            rows.append((names[0], bound[0].text))
        else:
            rows.append((names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}", text.rstrip()))
    return rows


def _broken(tables: Mapping[str, Sequence[Row]], lines: int) -> list[list[Row]]:
    """Columns of at most so many lines; every table begins a column, under its title."""
    columns: list[list[Row]] = []
    for title, rows in tables.items():
        for start in range(0, max(1, len(rows)), lines - 1):
            columns.append([("", title if start == 0 else ""), *rows[start : start + lines - 1]])
    return columns
