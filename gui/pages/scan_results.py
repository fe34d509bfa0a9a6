"""The running and the finished scan: progress, results table, picture, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.domain import Inspection, ModelRef, Outcome
from gui.context import AppContext
from gui.pages.review_picture import OpenedPart, PartView
from gui.pages.review_tools import ToolStrip
from gui.pages.scan_figures import ScanFigures
from gui.pages.scan_run import Progress
from gui.pages.scan_summary import Summary, folder_label, short_name
from gui.tables.calm import calm_table
from gui.tables.scan_rows import LABEL, MS, PICTURE, SCORE, TRUTH, VERDICT, ScanTable, Show
from gui.theme import SPACING
from gui.widgets.key_button import KeyButton
from gui.widgets.verdict_chip import VerdictDelegate

WIDTHS = {PICTURE: 190, VERDICT: 120, LABEL: 92, SCORE: 52, TRUTH: 104, MS: 48}
LIST_WIDTH = 640


class ScanResults(QWidget):
    """Shows what the page tells it. `marked`: another row is the current one."""

    marked = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path()
        theme = context.theme
        self.rows = ScanTable(
            lambda inspection: short_name(inspection, self._folder),
            lambda inspection: folder_label(inspection, self._folder),
        )
        self.table = QTableView()
        self.part = PartView(context)
        self.strip = ToolStrip(theme, self.part)
        self.figures = ScanFigures(theme)
        self.title, self.state, self._says = QLabel(), QLabel(), QLabel()
        self.progress = QProgressBar(textVisible=False)
        self.show_only = QComboBox()
        self.pause_button = KeyButton(theme, "Pause", "Space", "pause", compact=True)
        self.cancel_button = KeyButton(theme, "Cancel", "C", "stop", compact=True)
        self.csv_button = KeyButton(theme, "Save CSV…", "Ctrl+S", "save", compact=True)
        self.new_button = KeyButton(theme, "New scan", "Ctrl+N", "scan", compact=True)
        self._set_up_table(context)
        self._lay_out()
        for which in Show:
            self.show_only.addItem(str(which), which)
        self.show_only.currentIndexChanged.connect(lambda _: self.rows.show_only(Show(self.show_only.currentData())))
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self.marked.emit())
        self.show_state(running=False, paused=False)

    # ── a scan's life ────────────────────────────────────────────────────────────────────────────────────────────
    def begin(self, folder: Path) -> None:
        """A new scan of `folder`; the model is still being loaded."""
        self._folder = folder
        self.rows.clear()
        self.figures.clear()
        self.show_only.setCurrentIndex(0)
        self.table.setSortingEnabled(False)
        self.part.show_part(None, empty="Loading the model…")
        self.title.setText(folder.name or str(folder))
        self.title.setToolTip(str(folder))
        self.state.setText("Loading the model…")
        self.progress.setRange(0, 0)
        self.show_state(running=True, paused=False)
        self.pause_button.setEnabled(False)
        self.cancel_button.setEnabled(False)

    def run_by(self, model: ModelRef) -> None:
        """The model that judges."""
        self.title.setText(f"{self._folder.name} · {model.name} {model.version}")
        self.part.show_part(None, empty="Choose a result to see its picture.")

    def add(self, batch: Sequence[Inspection]) -> None:
        """More results; the table follows them while its end is in sight and nothing is marked."""
        bar = self.table.verticalScrollBar()
        follows = bar.value() == bar.maximum() and self.current is None
        self.rows.append(batch)
        self.figures.counts.add(batch)
        if follows:
            self.table.scrollToBottom()

    def show_progress(self, progress: Progress, *, paused: bool) -> None:
        """Pictures done, per second, and the time left."""
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)
        of = f" of {progress.total:,}" if progress.total else ""
        left = f" · {_minutes(progress.left_s)} left" if progress.left_s is not None and not paused else ""
        held = " · paused" if paused else ""
        self.state.setText(f"{progress.done:,}{of} pictures · {progress.rate:,.0f} a second{left}{held}")

    def show_state(self, *, running: bool, paused: bool) -> None:
        """Which buttons there are now."""
        self.pause_button.setText("Go on" if paused else "Pause")
        self.pause_button.set_icon("play" if paused else "pause")
        self.progress.setVisible(running)
        for button in (self.pause_button, self.cancel_button):
            button.setEnabled(running)
            button.setVisible(running)
        self.new_button.setVisible(not running)
        self.csv_button.setEnabled(not running or paused)
        self.table.setSortingEnabled(not running)
        if not running:
            self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def conclude(self, summary: Summary, *, ended: bool) -> None:
        """The figures at the end; mistakes first where the folders name classes."""
        self.figures.conclude(summary)
        total = len(self.rows.inspections)
        self.state.setText(f"{'All' if ended else 'Cancelled after'} {total:,} pictures{' inspected' if ended else ''}")

    # ── the table ────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> Inspection | None:
        """The result the mark is on."""
        return self.rows.inspection(self.table.currentIndex().row())

    def step(self, rows: int) -> None:
        """To the next or the previous result."""
        row = self.table.currentIndex().row() + rows
        if 0 <= row < self.rows.rowCount():
            index = self.rows.index(row, PICTURE)
            flags = QItemSelectionModel.SelectionFlag
            self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def show_part(self, opened: OpenedPart) -> None:
        """Its picture, and why the verdict."""
        self.part.show_part(opened)
        verdict = opened.stored.inspection.verdict
        named = f" {verdict.label}" if verdict.outcome in (Outcome.NG, Outcome.REVIEW) else ""
        self._says.setText(f"{verdict.outcome}{named}: {'; '.join(verdict.reasons)}")

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _set_up_table(self, context: AppContext) -> None:
        table = self.table
        table.setModel(self.rows)
        table.setItemDelegate(VerdictDelegate(context.theme, table))
        calm_table(table, context.theme)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setAccessibleName("Results")
        for column, width in WIDTHS.items():
            table.setColumnWidth(column, width)

    def _lay_out(self) -> None:
        self.title.setProperty("role", "large")
        self._says.setProperty("role", "muted")
        self._says.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self.title)
        head.addStretch(1)
        for button in (self.pause_button, self.cancel_button, self.csv_button, self.new_button):
            head.addWidget(button)
        left = _column(self.show_only, self.table)
        picture = QHBoxLayout()
        picture.setSpacing(SPACING)
        picture.addWidget(self.part, 1)
        picture.addWidget(self.strip)
        right = _column()
        layout = right.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addLayout(picture, 1)
        layout.addWidget(self._says)
        layout.addWidget(self.figures, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST_WIDTH, 10_000])
        split.setHandleWidth(SPACING)
        split.setChildrenCollapsible(False)
        split.setStyleSheet("QSplitter::handle { background: transparent; }")
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        page.setSpacing(SPACING)
        page.addLayout(head)
        page.addWidget(self.progress)
        page.addWidget(self.state)
        page.addWidget(split, 1)


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACING)
    for widget in widgets:
        column.addWidget(widget)
    return holder


def _minutes(seconds: float) -> str:
    """65 → `1:05`."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
