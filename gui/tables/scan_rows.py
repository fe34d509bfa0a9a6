"""The results of a scan as they come: appended in batches, filtered and sorted in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from engine.domain import Inspection, Outcome
from gui.tables.inspections import OUTCOME_ROLE, ROW_ROLE

PICTURE, VERDICT, LABEL, SCORE, TRUTH, MS = range(6)
HEADERS = ("Picture", "Verdict", "Class", "Score", "Folder says", "ms")
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Show(StrEnum):
    """Which results are listed."""

    ALL = "All results"
    NG = "NG only"
    REVIEW = "REVIEW only"
    NO_VERDICT = "NO VERDICT only"
    DIFFERENT = "Different from the folder"


class ScanTable(QAbstractTableModel):
    """One row for each inspected picture. `truth_of` and `name_of` read an inspection's label and short name."""

    def __init__(self, name_of: Callable[[Inspection], str], truth_of: Callable[[Inspection], str]) -> None:
        super().__init__()
        self._name_of, self._truth_of = name_of, truth_of
        self._all: list[Inspection] = []
        self._shown: list[Inspection] = []
        self._show = Show.ALL

    @property
    def inspections(self) -> tuple[Inspection, ...]:
        """Every result, in the order the pictures came."""
        return tuple(self._all)

    def inspection(self, row: int) -> Inspection | None:
        """The result in `row`; None outside."""
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def clear(self) -> None:
        """Start anew."""
        self.beginResetModel()
        self._all, self._shown = [], []
        self.endResetModel()

    def append(self, batch: Sequence[Inspection]) -> None:
        """Add results at the end; one notice to the view for the whole batch."""
        self._all.extend(batch)
        visible = [i for i in batch if self._passes(i)]
        if visible:
            first = len(self._shown)
            self.beginInsertRows(QModelIndex(), first, first + len(visible) - 1)
            self._shown.extend(visible)
            self.endInsertRows()

    def show_only(self, which: Show) -> None:
        """List only some of the results, in the order the pictures came."""
        self.beginResetModel()
        self._show = which
        self._shown = [i for i in self._all if self._passes(i)]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many results are listed."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column for each of HEADERS."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in (SCORE, MS) else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment, and the roles for the verdict mark and the row's inspection."""
        if not index.isValid():
            return None
        inspection, column = self._shown[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(inspection, column)
        if role == OUTCOME_ROLE:
            return inspection.verdict.outcome if column == VERDICT else None
        if role == ROW_ROLE:
            return inspection
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (SCORE, MS):
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return inspection.frame.name if column == PICTURE else "; ".join(inspection.verdict.reasons)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort what is listed by a column, -1 = as the pictures came; 13,000 rows take a few hundredths of a second."""
        self.layoutAboutToBeChanged.emit()
        if column < 0:
            self._shown = [i for i in self._all if self._passes(i)]
        else:
            self._shown.sort(key=lambda i: self._key(i, column), reverse=order is Qt.SortOrder.DescendingOrder)
        self.changePersistentIndexList(self.persistentIndexList(), [QModelIndex()] * len(self.persistentIndexList()))
        self.layoutChanged.emit()

    def differs(self, inspection: Inspection) -> bool:
        """True where the folder names another class than the model."""
        truth, verdict = self._truth_of(inspection), inspection.verdict
        return bool(truth) and verdict.outcome is not Outcome.NO_VERDICT and truth != verdict.label

    def _key(self, inspection: Inspection, column: int) -> Any:
        verdict = inspection.verdict
        keys: dict[int, Any] = {
            PICTURE: inspection.frame.sequence,
            VERDICT: str(verdict.outcome),
            LABEL: verdict.label,
            SCORE: verdict.score,
            TRUTH: self._truth_of(inspection),
            MS: inspection.times.prepare_ms + inspection.times.infer_ms,
        }
        return keys[column]

    def _text(self, inspection: Inspection, column: int) -> str:
        verdict, times = inspection.verdict, inspection.times
        judged = verdict.outcome is not Outcome.NO_VERDICT
        texts = {
            PICTURE: self._name_of(inspection),
            VERDICT: str(verdict.outcome),
            LABEL: verdict.label,
            SCORE: f"{verdict.score:.2f}" if judged else "–",
            TRUTH: self._truth_of(inspection),
            MS: f"{times.prepare_ms + times.infer_ms:.1f}" if judged else "–",
        }
        return texts[column]

    def _passes(self, inspection: Inspection) -> bool:
        outcome = inspection.verdict.outcome
        if self._show is Show.DIFFERENT:
            return self.differs(inspection)
        wanted = {Show.NG: Outcome.NG, Show.REVIEW: Outcome.REVIEW, Show.NO_VERDICT: Outcome.NO_VERDICT}
        return self._show is Show.ALL or outcome is wanted[self._show]
