"""The results of a scan as they come: appended in batches, filtered and sorted in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from engine.domain.inspection import Inspection, Outcome
from engine.domain.sound_names import Said, is_sound, said_by
from engine.sources.files.picked import below
from gui.i18n.language import number, outcome_word, translate
from gui.i18n.messages import translated
from gui.i18n.verdicts import class_word, score_word
from gui.widgets.calm_table import OUTCOME_ROLE, ROW_ROLE, UNKNOWN_ROLE

PICTURE, VERDICT, LABEL, TRUTH, SCORE, MS = range(6)
COLUMNS = 6
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Show(StrEnum):
    """Which results are listed."""

    ALL = "all"
    NG = "ng"
    REVIEW = "review"
    NO_VERDICT = "none"
    DIFFERENT = "different"


def show_words() -> dict[Show, str]:
    """What a choice is called."""
    return {
        Show.ALL: translate("Scan", "All results"),
        Show.NG: translate("Scan", "NG only"),
        Show.REVIEW: translate("Scan", "REVIEW only"),
        Show.NO_VERDICT: translate("Scan", "NO VERDICT only"),
        Show.DIFFERENT: translate("Scan", "Different from the folder"),
    }


def headers() -> tuple[str, ...]:
    """The columns' titles."""
    return (
        translate("Scan", "Picture"),
        translate("Scan", "Verdict"),
        translate("Scan", "Class"),
        translate("Scan", "Folder says"),
        translate("Scan", "Score"),
        translate("Scan", "ms"),
    )


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One result: the inspection, its path below the folder, the class its sub-folder names."""

    inspection: Inspection
    name: str
    truth: str
    told: bool | None = None
    """Whether that sub-folder holds sound parts, as a person said; None = nobody did, and its name speaks."""

    @property
    def differs(self) -> bool:
        """True where the folder names another class than the model, or says sound of what is not OK, or the reverse."""
        verdict = self.inspection.verdict
        if not self.truth or verdict.unknown or verdict.outcome is Outcome.NO_VERDICT:
            return False
        classes, said = self.inspection.scores.classes, self.said
        if said is Said.NOTHING or (self.truth in classes and not self.told):
            return self.truth != verdict.label
        return (said is Said.SOUND) is not (verdict.outcome is Outcome.OK)

    @property
    def said(self) -> Said:
        """What the sub-folder says of its parts besides a class."""
        if self.told is None:
            return said_by(self.truth)
        return Said.SOUND if self.told else Said.DEFECT

    def sound(self, classes: Sequence[str], ok: Sequence[str]) -> bool:
        """Whether its parts are sound, to a model with these classes, of which `ok` are sound."""
        return is_sound(self.truth, classes, ok) if self.told is None else self.told

    @property
    def skipped(self) -> bool:
        """True for a file that could not be read: nothing was seen of it."""
        return self.inspection.verdict.outcome is Outcome.NO_VERDICT and self.inspection.frame.height == 0

    @property
    def took_ms(self) -> float:
        """Preparing the picture and inference."""
        return self.inspection.times.prepare_ms + self.inspection.times.infer_ms


@dataclass(frozen=True, slots=True)
class Told:
    """Which sub-folders of a folder hold sound parts, as a person said; `names` None = nobody did."""

    folder: Path = Path()
    names: frozenset[str] | None = None

    def of(self, root: Path) -> frozenset[str] | None:
        """What was said of that folder: of another one nobody said anything."""
        return self.names if root == self.folder else None


NOTHING_TOLD = Told()


def row_of(inspection: Inspection, root: Path, sound: frozenset[str] | None = None) -> ScanRow:
    """The row of an inspection; its label is the sub-folder it lies in, none directly in the folder.

    Of several, one in the other, the outermost that is a class or says sound or defective; where none does the first.
    `sound`: the first sub-folders of which a person said that they are the sound ones; None = nobody did.
    """
    name = below(inspection.frame.name, root)
    folders = name.split("/")[:-1] if name is not inspection.frame.name else []
    truth = folders[0] if folders else ""
    if sound is None:
        classes = inspection.scores.classes
        truth = next((folder for folder in folders if folder in classes or said_by(folder)), truth)
    return ScanRow(inspection, name, truth, truth in sound if truth and sound is not None else None)


_KEYS: dict[int, Callable[[ScanRow], Any]] = {
    PICTURE: lambda row: row.inspection.frame.sequence,
    VERDICT: lambda row: row.inspection.verdict.outcome.value,
    LABEL: lambda row: row.inspection.verdict.label,
    SCORE: lambda row: row.inspection.verdict.score,
    TRUTH: lambda row: row.truth,
    MS: lambda row: row.took_ms,
}
_ONLY = {Show.NG: Outcome.NG, Show.REVIEW: Outcome.REVIEW, Show.NO_VERDICT: Outcome.NO_VERDICT}


class ScanTable(QAbstractTableModel):
    """One row for each judged picture. A sorting chosen stays in force for what comes after."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[ScanRow] = []
        self._shown: list[ScanRow] = []
        self._show = Show.ALL
        self._column, self._falling = -1, False
        self._headers = headers()
        self._sent: set[str] = set()
        self._late: list[ScanRow] = []

    @property
    def rows(self) -> tuple[ScanRow, ...]:
        """Every result, in the order the pictures came."""
        return tuple(self._all)

    @property
    def count(self) -> int:
        """How many results there are, listed or not."""
        return len(self._all)

    def row(self, place: int) -> ScanRow | None:
        """The result listed at `place`; None outside."""
        return self._shown[place] if 0 <= place < len(self._shown) else None

    def clear(self) -> None:
        """Start anew."""
        self.beginResetModel()
        self._all, self._shown, self._late, self._column, self._sent = [], [], [], -1, set()
        self.endResetModel()

    def append(self, batch: Sequence[ScanRow]) -> None:
        """Add results; one notice to the view for the whole batch. In a sorted table they wait for `merge`."""
        self._all.extend(batch)
        self._late += [row for row in batch if self._passes(row)]
        if self._column < 0:
            self.merge()

    def merge(self) -> None:
        """List what came since the last time; of a sorted table of 20,000 rows some 20 ms: once a second will do."""
        visible, self._late = self._late, []
        if not visible:
            return
        first = len(self._shown)
        self.beginInsertRows(QModelIndex(), first, first + len(visible) - 1)
        self._shown.extend(visible)
        self.endInsertRows()
        if self._column >= 0:
            self._reorder()

    def show_only(self, which: Show) -> None:
        """List only some of the results."""
        self.beginResetModel()
        self._show, self._late = which, []
        self._shown = self._in_order()
        self.endResetModel()

    def mark_sent(self, inspection_id: str) -> None:
        """A person sent this one to review."""
        self._sent.add(inspection_id)
        if self._shown:
            self.dataChanged.emit(self.index(0, VERDICT), self.index(len(self._shown) - 1, VERDICT))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many results are listed."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column for each of `headers`."""
        return 0 if parent.isValid() else COLUMNS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in (SCORE, MS) else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment, and the roles for the verdict mark and the row's inspection."""
        if not index.isValid():
            return None
        row, column = self._shown[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == OUTCOME_ROLE:
            return row.inspection.verdict.outcome if column == VERDICT else None
        if role == UNKNOWN_ROLE:
            return column == VERDICT and row.inspection.verdict.unknown
        if role == ROW_ROLE:
            return row.inspection
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (SCORE, MS):
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            frame, verdict = row.inspection.frame, row.inspection.verdict
            return frame.name if column == PICTURE else "; ".join(map(translated, verdict.reasons))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort what is listed by a column, -1 = as the pictures came; 20,000 rows take some ten milliseconds."""
        self.merge()
        self._column, self._falling = column, order is Qt.SortOrder.DescendingOrder
        self._reorder()

    def _reorder(self) -> None:
        self.layoutAboutToBeChanged.emit()
        marked = self.persistentIndexList()
        kept = [(index.column(), self._shown[index.row()]) for index in marked]
        self._shown = self._in_order(self._shown if self._column >= 0 else None)
        places = {id(row): place for place, row in enumerate(self._shown)} if kept else {}
        self.changePersistentIndexList(marked, [self.index(places[id(row)], column) for column, row in kept])
        self.layoutChanged.emit()

    def _in_order(self, among: list[ScanRow] | None = None) -> list[ScanRow]:
        found = [row for row in self._all if self._passes(row)] if among is None else among
        if self._column >= 0:
            return sorted(found, key=_KEYS[self._column], reverse=self._falling)
        return found

    def _text(self, row: ScanRow, column: int) -> str:
        verdict = row.inspection.verdict
        if column == PICTURE:
            return row.name
        if column == VERDICT:
            word = outcome_word(verdict.outcome)
            return f"{word} → {outcome_word(Outcome.REVIEW)}" if row.inspection.id in self._sent else word
        if column == LABEL:
            return class_word(verdict) or verdict.label
        if column == TRUTH:
            return row.truth
        if column == SCORE:
            return score_word(verdict) or "–"
        return "–" if verdict.outcome is Outcome.NO_VERDICT else number(row.took_ms, 1)

    def _passes(self, row: ScanRow) -> bool:
        if self._show is Show.DIFFERENT:
            return row.differs
        return self._show is Show.ALL or row.inspection.verdict.outcome is _ONLY[self._show]
