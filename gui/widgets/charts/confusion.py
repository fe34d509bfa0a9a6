"""A table of counts: what is true against what was said. Errors are tinted, agreement is framed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.i18n.language import number, translate
from gui.theme.theme import NORMAL, SMALL, SPACING, Theme, font, scaled

CELL = QSize(96, 36)
NARROWEST = 28
"""Width a cell may shrink to: three digits in small type."""
LABEL_WIDTH = 136
"""At most; as wide as its longest name."""
HEADER = 28
"""In pixels at the size as designed."""


@dataclass(frozen=True, slots=True)
class CountTable:
    """Counts by row and column. `agree` are the cells (row, column) that are right."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    agree: frozenset[tuple[int, int]]
    row_title: str
    column_title: str
    aside: int = 0
    """So many of the last columns are neither right nor wrong: parts left to a person."""


def square_table(
    classes: Sequence[str], matrix: Sequence[Sequence[int]], row_title: str = "", column_title: str = ""
) -> CountTable:
    """A confusion matrix, row = truth, column = label; rows and columns without any count are left out."""
    row_title = row_title or translate("Scan", "True class")
    column_title = column_title or translate("Scan", "Model says")
    rows = [i for i, row in enumerate(matrix) if sum(row)]
    columns = [j for j in range(len(classes)) if j in rows or any(row[j] for row in matrix)]
    agree = frozenset((a, b) for a, i in enumerate(rows) for b, j in enumerate(columns) if i == j)
    counts = tuple(tuple(int(matrix[i][j]) for j in columns) for i in rows)
    names = tuple(classes[i] for i in rows), tuple(classes[j] for j in columns)
    return CountTable(*names, counts, agree, row_title, column_title)


class CountGrid(QWidget):
    """Paints a CountTable; empty without one. A cell's tooltip says it in words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table: CountTable | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_table(self, table: CountTable | None) -> None:
        """Show these counts."""
        self._table = table
        self.setFixedHeight(self.sizeHint().height())
        self.setAccessibleDescription(_in_words(table) if table else "")
        self.updateGeometry()
        self.update()

    @property
    def table(self) -> CountTable | None:
        """What is shown."""
        return self._table

    def sizeHint(self) -> QSize:
        """Two lines of headings and a row for each true class."""
        if self._table is None:
            return QSize(0, 0)
        width = self._label + len(self._table.columns) * scaled(CELL.width())
        return QSize(width, 2 * scaled(HEADER) + len(self._table.rows) * scaled(CELL.height()) + 1)

    def minimumSizeHint(self) -> QSize:
        """Cells may shrink: a table that is cut says less than one with short headings."""
        columns = len(self._table.columns) if self._table else 0
        return QSize(self._label + columns * scaled(NARROWEST) if columns else 0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Headings, then every cell."""
        table = self._table
        if table is None:
            return
        painter = QPainter(self)
        self._paint_headings(painter, table)
        painter.setFont(font(NORMAL if self._cell(0, 0).width() >= scaled(CELL.width()) // 2 else SMALL))
        for i, counts in enumerate(table.counts):
            for j, found in enumerate(counts):
                aside = j >= len(counts) - table.aside
                self._paint_cell(painter, self._cell(i, j), found, sum(counts), (i, j) in table.agree, aside=aside)

    def event(self, event: QEvent) -> bool:
        """A cell's count in words, as a tooltip."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self._table:
            table = self._table
            for i, counts in enumerate(table.counts):
                for j, found in enumerate(counts):
                    if self._cell(i, j).contains(event.pos()):
                        said = translate("Scan", "{count} of {all} {true}: {said}").format(
                            count=number(found), all=number(sum(counts)), true=table.rows[i], said=table.columns[j]
                        )
                        QToolTip.showText(event.globalPos(), said, self)
                        return True
        return super().event(event)

    @property
    def _label(self) -> int:
        """Width of the names of the rows."""
        names = (f"{self._table.row_title} ↓", *self._table.rows) if self._table else ()
        widest = max(map(QFontMetrics(font(SMALL)).horizontalAdvance, names), default=0)
        return min(scaled(LABEL_WIDTH), widest + 2 * SPACING)

    def _paint_headings(self, painter: QPainter, table: CountTable) -> None:
        muted, text = self._theme.colour("muted"), self._theme.colour("text")
        painter.setFont(font(SMALL))
        painter.setPen(muted)
        label, header = self._label, scaled(HEADER)
        left = QRect(0, header, label - SPACING, header)
        painter.drawText(left, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{table.row_title} ↓")
        top = QRect(label, 0, self.width() - label, header)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{table.column_title} →")
        painter.setPen(text)
        metrics = QFontMetrics(painter.font())
        for j, name in enumerate(table.columns):
            cell = self._cell(0, j)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, cell.width() - 4)
            painter.drawText(QRect(cell.x(), header, cell.width(), header), Qt.AlignmentFlag.AlignCenter, shown)
        for i, name in enumerate(table.rows):
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, label - SPACING)
            cell = self._cell(i, 0)
            place = QRect(0, cell.y(), label - SPACING, cell.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_cell(self, painter: QPainter, cell: QRect, count: int, of: int, agrees: bool, *, aside: bool) -> None:
        inner = cell.adjusted(1, 1, -1, -1)
        painter.fillRect(inner, self._theme.colour("raised"))
        if count and not agrees:
            tint = QColor(self._theme.colour("review" if aside else "ng"))
            tint.setAlphaF(0.18 + 0.5 * count / max(1, of))
            painter.fillRect(inner, tint)
        if agrees:
            painter.setPen(self._theme.colour("line"))
            painter.drawRect(inner.adjusted(0, 0, -1, -1))
        painter.setPen(self._theme.colour("text" if count else "muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, number(count) if count else "·")

    def _cell(self, row: int, column: int) -> QRect:
        count = max(1, len(self._table.columns)) if self._table else 1
        label, wide, high = self._label, scaled(CELL.width()), scaled(CELL.height())
        width = max(scaled(NARROWEST), min(wide, (self.width() - label) // count))
        return QRect(label + column * width, 2 * scaled(HEADER) + row * high, width, high)


def _in_words(table: CountTable) -> str:
    """The table for a screen reader."""
    cells = (
        translate("Scan", "{true} called {said}: {count}").format(
            true=table.rows[i], said=table.columns[j], count=number(found)
        )
        for i, counts in enumerate(table.counts)
        for j, found in enumerate(counts)
        if found
    )
    return "; ".join(cells)
