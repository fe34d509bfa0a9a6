"""The files a scan could not read, and those it left out, with the reason of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from engine.images.listing import LOUD, LeftOut
from engine.sources.files.picked import below
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.pages.scan.left_out import left_out_word
from gui.pages.scan.rows import ScanRow

Index = QModelIndex | QPersistentModelIndex
FILE, REASON = range(2)


class SkippedTable(QAbstractTableModel):
    """One row a file: what could not be read in the order it came, then what was left out."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, str]] = []
        self._left_out = 0
        self._headers = (translate("Scan", "File"), translate("Scan", "Why it was skipped"))

    def clear(self) -> None:
        """Start anew."""
        self.beginResetModel()
        self._rows, self._left_out = [], 0
        self.endResetModel()

    def leave_out(self, left_out: Sequence[LeftOut], folder: Path) -> None:
        """Add what the folder holds besides its pictures, once a scan: first those that may be taken for judged."""
        ordered = sorted(left_out, key=lambda left: left.why not in LOUD)
        self._insert(
            len(self._rows),
            [(below(left.name, folder), left_out_word(left.why)) for left in ordered],
        )
        self._left_out = len(ordered)

    def append(self, batch: Sequence[ScanRow]) -> None:
        """Add those of a batch that were skipped."""
        found = [(row.name, _why(row)) for row in batch if row.skipped]
        self._insert(len(self._rows) - self._left_out, found)

    def _insert(self, place: int, rows: list[tuple[str, str]]) -> None:
        if rows:
            self.beginInsertRows(QModelIndex(), place, place + len(rows) - 1)
            self._rows[place:place] = rows
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
