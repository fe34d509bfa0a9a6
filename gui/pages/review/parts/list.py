"""The list side of Review: the table of parts, moving through it, and the line below it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QTableView, QVBoxLayout, QWidget

from db.datasets.export import waiting
from db.inspections.paging import Sort, Stored
from db.inspections.table import COUNTED, Filter
from engine.domain.inspection import Inspection, Outcome
from gui.context import AppContext
from gui.i18n.language import number, translate
from gui.pages.review.parts.table import InspectionsTable
from gui.theme.theme import SPACING, scaled
from gui.viewer.cells import CORRECTED, LABEL, ORIGIN, PART, SCORE, TIME, VERDICT
from gui.widgets.calm_table import calm_table
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton
from gui.widgets.pictures.thumbnails import THUMBNAIL, Thumbnails
from gui.widgets.verdict_chip import VerdictDelegate

ROW_HEIGHT = 56
WIDTHS = {PART: 88, VERDICT: 132, CORRECTED: 96, SCORE: 60, LABEL: 96, TIME: 124, ORIGIN: 100}
"""As designed, the most needed first: a narrow list leaves the last ones out."""
_ROOT = QModelIndex()


class PartList(QWidget):
    """Moving never waits: a page that is missing is fetched, and the mark goes on when it came.

    `moved`: another row is marked. `selected`: another set of rows. `arrived`: a page came (the list may be empty).
    `refreshed` carries the id of a row that was read again.
    """

    moved = Signal()
    selected = Signal()
    arrived = Signal()
    refreshed = Signal(str)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._thumbnails = Thumbnails(context.archive, context.jobs, self)
        self.rows = InspectionsTable(context.db, context.jobs, self._thumbnails, self)
        self.table = QTableView()
        self._shown = QLabel()
        self.fresh = KeyButton(context.theme, "", "F5", compact=True)
        self.export = KeyButton(context.theme, translate("Review", "Export…"), "Ctrl+E", "export", compact=True)
        self.export.setToolTip(translate("Review", "Export corrections"))
        self._total, self._new = 0, 0
        self._wanted: str | None = None
        """The part to mark once its rows are there."""
        self._going_on = ""
        """What to do when the next page came: `step` or `hunt`."""
        self._set_up_table()
        self._lay_out()
        self.rows.loaded.connect(self._page_came)
        self.rows.counted.connect(self._counted)
        self.rows.refreshed.connect(self.refreshed)
        self.table.selectionModel().currentRowChanged.connect(self._moved)
        self.table.selectionModel().selectionChanged.connect(self._selection_changed)
        context.recorded.connect(self._recorded)
        context.overridden.connect(self.rows.refresh_row)
        self._say_counts()

    # ── what is listed ───────────────────────────────────────────────────────────────────────────────────────────
    def load(self, wanted: Filter, order: Sort, keep: str | None) -> None:
        """List anew; `keep` is marked again where it is on the first page."""
        self._wanted, self._going_on, self._new = keep, "", 0
        self.rows.show_rows(wanted, order)

    def count_waiting(self) -> None:
        """Tell on the button how many corrections no export holds yet."""
        self._context.jobs.run(partial(waiting, self._context.db), self._waiting_counted)

    # ── the mark ─────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> Stored | None:
        """The part the mark is on."""
        return self.rows.stored(self._row())

    def beside(self, way: int) -> list[Stored]:
        """The parts a step or two away, in the direction of travel (1 or -1) first."""
        row = self._row()
        found = [self.rows.stored(row + steps) for steps in (way, 2 * way, -way, 3 * way)]
        return [stored for stored in found if stored is not None]

    @property
    def chosen(self) -> list[Stored]:
        """All selected parts, in the list's order."""
        rows = sorted({i.row() for i in self.table.selectionModel().selectedRows()})
        return [s for s in map(self.rows.stored, rows) if s is not None]

    def step(self, rows: int) -> None:
        """To the next or the previous part."""
        row = self._row() + rows
        if row >= self.rows.rowCount() and self.rows.canFetchMore(_ROOT):
            self._going_on = "step"
            self.rows.fetchMore(_ROOT)
        elif 0 <= row < self.rows.rowCount():
            self._select(row)

    def next_unreviewed(self) -> None:
        """To the next part in this order that nobody has spoken on; from the end back to the start."""
        start = self._row()
        found = next((r for r in range(start + 1, self.rows.rowCount()) if _unreviewed(self.rows.stored(r))), None)
        if found is None and self.rows.canFetchMore(_ROOT):
            self._going_on = "hunt"
            self.rows.fetchMore(_ROOT)
            return
        if found is None:
            found = next((r for r in range(max(0, start)) if _unreviewed(self.rows.stored(r))), None)
        if found is None:
            self._context.notify("info", translate("Review", "Every part in this list has been reviewed."))
        else:
            self._select(found)

    def mark(self, inspection_id: str) -> None:
        """Mark this part, where it is listed."""
        row = self.rows.row_of(inspection_id)
        if row is not None and row != self._row():
            self._select(row)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _set_up_table(self) -> None:
        table = self.table
        table.setModel(self.rows)
        table.setItemDelegate(VerdictDelegate(self._context.theme, table))
        calm_table(table, self._context.theme, scaled(ROW_HEIGHT))
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setIconSize(QSize(*THUMBNAIL))
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setAccessibleName(translate("Review", "Inspected parts"))
        for column, width in WIDTHS.items():
            table.setColumnWidth(column, scaled(width))
        self.setMinimumWidth(scaled(WIDTHS[PART] + WIDTHS[VERDICT]) + 4 * SPACING)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the columns there is room for."""
        left = self.width() - 3 * SPACING
        for column, width in WIDTHS.items():
            left -= scaled(width)
            self.table.setColumnHidden(column, left < 0)
        super().resizeEvent(event)

    def _lay_out(self) -> None:
        self._shown.setProperty("role", "muted")
        foot = FlowLayout()
        for widget in (self.export, self.fresh, self._shown):
            foot.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.table)
        column.addLayout(foot)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _page_came(self) -> None:
        row = self.rows.row_of(self._wanted) if self._wanted else None
        self._wanted = None
        if self.rows.rowCount() and (row is not None or self._row() < 0):
            self._select(row or 0)
        going_on, self._going_on = self._going_on, ""
        if going_on == "hunt":
            self.next_unreviewed()
        elif going_on == "step":
            self.step(1)
        self._say_counts()
        self.arrived.emit()

    def _moved(self) -> None:
        self.moved.emit()

    def _selection_changed(self) -> None:
        self._say_counts()
        self.selected.emit()

    def _recorded(self, inspections: list[Inspection]) -> None:
        self._new += len(inspections)
        if self.isVisible():
            self._say_counts()

    def _counted(self, total: int) -> None:
        self._total = total
        self._say_counts()

    def _waiting_counted(self, waiting: int) -> None:
        words = translate("Review", "Export…")
        self.export.setText(f"{words} ({number(waiting)})" if waiting else words)
        self.export.updateGeometry()

    def _say_counts(self) -> None:
        selected = len(self.table.selectionModel().selectedRows())
        said = translate("Review", "%n part(s)", "", self._total)
        if self._total > COUNTED:
            said = translate("Review", "more than {count} parts").format(count=number(COUNTED))
        if selected > 1:
            said += " · " + translate("Review", "%n selected", "", selected)
        self._shown.setText(said)
        self.fresh.setVisible(self._new > 0)
        self.fresh.setText(translate("Review", "%n new", "", self._new))
        self.fresh.updateGeometry()

    def _row(self) -> int:
        return self.table.currentIndex().row()

    def _select(self, row: int) -> None:
        index = self.rows.index(row, VERDICT)
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.table.scrollTo(index)


def _unreviewed(stored: Stored | None) -> bool:
    """True for a judged part that nobody has spoken on."""
    if stored is None or stored.override is not None:
        return False
    return stored.inspection.verdict.outcome is not Outcome.NO_VERDICT
