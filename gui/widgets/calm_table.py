"""Our tables: whole rows, no grid, a selection that leaves the verdict marks readable; the roles of their cells."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QTableView

from gui.theme.theme import Theme

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The row's Stored."""
OUTCOME_ROLE = Qt.ItemDataRole.UserRole + 2
"""The Outcome this cell shows, for cells that draw a verdict mark; else None."""
UNKNOWN_ROLE = Qt.ItemDataRole.UserRole + 3
"""True where that mark is an unknown part's."""


def calm_table(table: QTableView, theme: Theme, row_height: int = 36) -> None:
    """Set a table up as every page wants it, now and after a change of theme."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(row_height)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setStretchLastSection(True)

    _Style(table, theme)


class _Style(QObject):
    """The table's colours, now and after a change of theme; it goes with its table."""

    def __init__(self, table: QTableView, theme: Theme) -> None:
        super().__init__(table)
        self._table, self._theme = table, theme
        theme.changed.connect(self._apply)
        self._apply()

    def _apply(self) -> None:
        theme = self._theme
        chosen = mixed(theme.colour("surface"), theme.colour("accent"), 0.3).name()
        self._table.setStyleSheet(
            f"QTableView {{ selection-background-color: {chosen}; selection-color: {theme.colours.text}; }}"
            f"QTableView::item {{ padding-left: 4px; border: none; border-bottom: 1px solid {theme.colours.sunken}; }}"
            f"QTableView::item:selected {{ background: {chosen}; color: {theme.colours.text}; }}"
        )


def mixed(under: QColor, over: QColor, share: float) -> QColor:
    """`share` (0…1) of one colour over another."""
    below, above = (under.red(), under.green(), under.blue()), (over.red(), over.green(), over.blue())
    return QColor(*(round(a + (b - a) * share) for a, b in zip(below, above, strict=True)))
