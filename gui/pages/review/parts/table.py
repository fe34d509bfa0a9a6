"""The table of stored inspections: pages by key, fetched on jobs as the view asks for more."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal

from db.inspections.paging import PageOfRows, Sort, Stored
from db.inspections.table import COUNTED, Filter, count_to, get, page
from db.store.session import Database
from gui.i18n.messages import translated
from gui.jobs.jobs import Jobs
from gui.theme.theme import scaled
from gui.viewer.cells import COLUMNS, LABEL, PART, SCORE, VERDICT, cell_outcome, cell_text, header
from gui.widgets.calm_table import OUTCOME_ROLE, ROW_ROLE, UNKNOWN_ROLE
from gui.widgets.pictures.thumbnails import Thumbnails

FIRST_ROWS, PAGE_ROWS = 60, 100
"""The first page fills the screen, soon; the others come ahead of the eye."""
HIDDEN = "•••"
"""Instead of what a blind judge must not see."""
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class InspectionsTable(QAbstractTableModel):
    """Inspections of one filter in one order. Nothing is read on the GUI thread.

    `loaded` tells that a page came, `counted` how many rows the filter has in all, up to COUNTED.
    Blind, what the model said of a part is hidden until somebody has said his word on it.
    """

    loaded = Signal()
    counted = Signal(int)
    refreshed = Signal(str)
    """The id of a row that was read again."""

    def __init__(self, db: Database, jobs: Jobs, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._db, self._jobs, self._thumbnails = db, jobs, thumbnails
        self._rows: list[Stored] = []
        self._row_of: dict[str, int] = {}
        self._next: str | None = None
        self._loading = False
        self._asked = 0
        self._filter, self._sort = Filter(), Sort.NEWEST
        self._blind = False
        thumbnails.ready.connect(self._thumbnail_came)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def filter(self) -> Filter:
        """The filter in force."""
        return self._filter

    def show_rows(self, wanted: Filter, order: Sort) -> None:
        """Show the rows of `wanted` in `order`; the old rows stay until the first page came."""
        self._filter, self._sort = wanted, order
        self._asked += 1
        self._load(None)

    def set_blind(self, blind: bool) -> None:
        """Hide what the model said, or show it again."""
        if blind != self._blind:
            self._blind = blind
            if self._rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, COLUMNS - 1))

    def hides(self, stored: Stored) -> bool:
        """Whether what the model said of this part is hidden now."""
        return self._blind and stored.override is None

    def refresh_row(self, inspection_id: str) -> None:
        """Read one row again, after an override of it."""
        if inspection_id in self._row_of:
            self._jobs.run(lambda: get(self._db, inspection_id), self._replace)

    def stored(self, row: int) -> Stored | None:
        """The inspection in `row`; None outside the loaded rows."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, inspection_id: str) -> int | None:
        """Where an inspection stands among the loaded rows; None when it is not there."""
        return self._row_of.get(inspection_id)

    @property
    def loading(self) -> bool:
        """True while a page is on its way."""
        return self._loading

    # ── Qt's side ────────────────────────────────────────────────────────────────────────────────────────────────
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Rows loaded so far."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Part, verdict, class, score, time, correction, what it was judged for."""
        return 0 if parent.isValid() else COLUMNS

    def canFetchMore(self, parent: Index) -> bool:
        """True while the database has rows after the last loaded one."""
        return not parent.isValid() and self._next is not None and not self._loading

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page on a job."""
        if self.canFetchMore(parent):
            self._load(self._next)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return header(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section == SCORE else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, thumbnail, alignment, and the two roles of our own."""
        if not index.isValid():
            return None
        stored, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            hidden = column in (VERDICT, LABEL, SCORE) and self.hides(stored)
            return HIDDEN if hidden else cell_text(stored, column)
        if role == Qt.ItemDataRole.DecorationRole and column == PART:
            inspection = stored.inspection
            return self._thumbnails.get(inspection.id, stored.image, inspection.frame)
        if role == OUTCOME_ROLE:
            return None if column == VERDICT and self.hides(stored) else cell_outcome(stored, column)
        if role == UNKNOWN_ROLE:
            return column == VERDICT and stored.inspection.verdict.unknown and not self.hides(stored)
        if role == ROW_ROLE:
            return stored
        if role == Qt.ItemDataRole.TextAlignmentRole and column == SCORE:
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return "" if self.hides(stored) else "; ".join(map(translated, stored.inspection.verdict.reasons))
        if role == Qt.ItemDataRole.SizeHintRole and column == PART:
            return QSize(scaled(88), scaled(56))
        return None

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _load(self, after: str | None) -> None:
        self._loading = True
        asked, wanted, order = self._asked, self._filter, self._sort
        self._jobs.run(
            lambda: page(self._db, wanted, order, after, FIRST_ROWS if after is None else PAGE_ROWS),
            lambda got: self._arrived(asked, after, got),
            lambda error: self._refused(asked, error),
        )

    def _arrived(self, asked: int, after: str | None, got: PageOfRows) -> None:
        if asked != self._asked:
            return
        self._loading, self._next = False, got.next
        if after is None:
            self.beginResetModel()
            self._rows = list(got.rows)
            self._row_of = {s.inspection.id: i for i, s in enumerate(self._rows)}
            self.endResetModel()
            self._count(asked, got)
        elif got.rows:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(got.rows) - 1)
            self._rows.extend(got.rows)
            self._row_of.update({s.inspection.id: first + i for i, s in enumerate(got.rows)})
            self.endInsertRows()
        self.loaded.emit()

    def _count(self, asked: int, first: PageOfRows) -> None:
        """After the first page, so that the rows wait for nothing."""
        if first.next is None:
            self.counted.emit(len(first.rows))
            return
        wanted = self._filter

        def done(number: int) -> None:
            if asked == self._asked:
                self.counted.emit(number)

        self._jobs.run(lambda: count_to(self._db, wanted, COUNTED + 1), done)

    def _refused(self, asked: int, error: Exception) -> None:
        if asked == self._asked:
            self._loading, self._next = False, None
            self.loaded.emit()
        self._jobs.failed.emit(error)

    def _replace(self, stored: Stored | None) -> None:
        row = self._row_of.get(stored.inspection.id) if stored else None
        if stored is None or row is None:
            return
        if stored.image != self._rows[row].image:
            self._thumbnails.forget(stored.inspection.id)
        self._rows[row] = stored
        self.dataChanged.emit(self.index(row, 0), self.index(row, COLUMNS - 1))
        self.refreshed.emit(stored.inspection.id)

    def _thumbnail_came(self, inspection_id: str) -> None:
        row = self._row_of.get(inspection_id)
        if row is not None:
            cell = self.index(row, PART)
            self.dataChanged.emit(cell, cell, [Qt.ItemDataRole.DecorationRole])
