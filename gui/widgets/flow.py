"""A layout in rows: what does not fit goes to the next one, so that a bar bears long words and large type."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from gui.theme.theme import SPACING


class FlowLayout(QLayout):
    """Left to right, wrapped; items keep the size they ask for and are centred in their row."""

    def __init__(self, parent: QWidget | None = None, gap: int = SPACING) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(gap)

    def addItem(self, item: QLayoutItem) -> None:
        """One item more at the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them; None outside."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take one out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """None: a row is as wide as its items."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """A narrower bar is a higher one."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all rows at this width."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Put the items where they belong."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one row would be best, but nothing is asked for."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """The widest item."""
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        row: list[tuple[QLayoutItem, QSize]] = []
        used, top = 0, rect.top()
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if row and used + size.width() > rect.width():
                top += self._end(row, QPoint(rect.left(), top), move) + self.spacing()
                row, used = [], 0
            row.append((item, size))
            used += size.width() + self.spacing()
        return top + self._end(row, QPoint(rect.left(), top), move) - rect.top()

    def _end(self, row: list[tuple[QLayoutItem, QSize]], at: QPoint, move: bool) -> int:
        height = max((size.height() for _, size in row), default=0)
        left = at.x()
        for item, size in row:
            if move:
                item.setGeometry(QRect(QPoint(left, at.y() + (height - size.height()) // 2), size))
            left += size.width() + self.spacing()
        return height
