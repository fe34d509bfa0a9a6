"""The files a scan could not read, with the reason of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.pages.scan.rows import ScanRow

Index = QModelIndex | QPersistentModelIndex
FILE, REASON = range(2)


class SkippedTable(QAbstractTableModel):
    """One row a file, in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, str]] = []
        self._headers = (translate("Scan", "File"), translate("Scan", "Why it was skipped"))

    def clear(self) -> None:
        """Start anew."""
        self.beginResetModel()
        self._rows = []
        self.endResetModel()

    def append(self, batch: Sequence[ScanRow]) -> None:
        """Add those of a batch that were skipped."""
        found = [(row.name, _why(row)) for row in batch if row.skipped]
        if found:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(found) - 1)
            self._rows += found
            self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many were skipped."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """File and reason."""
        return 0 if parent.isValid() else len(self._headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The words of a cell, as its tooltip too: a reason may be longer than its column."""
        if index.isValid() and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[index.row()][index.column()]
        return None


def _why(row: ScanRow) -> str:
    """The reason without the folder's path, which would push the reason itself out of the column."""
    return "; ".join(map(translated, row.inspection.verdict.reasons)).replace(row.inspection.frame.name, row.name)
