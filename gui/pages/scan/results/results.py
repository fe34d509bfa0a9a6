"""The running and the finished scan: progress, results table, skipped files, picture, figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
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
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.domain.inspection import Inspection, Verdict
from engine.images.listing import LeftOut
from gui.context import AppContext
from gui.i18n.language import number, outcome_word, percent, translate
from gui.i18n.messages import translated
from gui.i18n.verdicts import class_word
from gui.pages.scan.left_out import left_out_words
from gui.pages.scan.progress import Progress, end_words, progress_words
from gui.pages.scan.results.figures import OutcomeCounts, ScanFigures
from gui.pages.scan.results.skipped import FILE, SkippedTable
from gui.pages.scan.results.summary import Summary, unknown_words
from gui.pages.scan.rows import LABEL, MS, PICTURE, SCORE, TRUTH, VERDICT, ScanRow, ScanTable, Show, show_words
from gui.theme.theme import SPACING, scaled
from gui.viewer.picture import OpenedPart, PartView
from gui.viewer.tools import ToolStrip
from gui.widgets.calm_table import calm_table
from gui.widgets.elided import CutLabel
from gui.widgets.key_button import KeyButton
from gui.widgets.verdict_chip import VerdictDelegate

WIDTHS = {PICTURE: 184, VERDICT: 128, LABEL: 96, TRUTH: 104, SCORE: 64, MS: 56}
LIST_WIDTH = 656
ROW = 36
MERGE_S = 1.0
"""So often new results find their places in a sorted table."""


class Stage(StrEnum):
    """Where a scan stands."""

    LOADING = "loading"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    """Before its end: it can go on."""
    OVER = "over"


class ScanResults(QWidget):
    """Shows what the page tells it. `marked`: another row is the current one."""

    marked = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, theme = context, context.theme
        self.stage, self._agreement, self._merged = Stage.OVER, "", 0.0
        self._left_out = self._unknown = ""
        self.rows, self.skipped = ScanTable(), SkippedTable()
        self.table, self.skipped_table = QTableView(), QTableView()
        self.tabs = QTabWidget()
        self.part = PartView(context)
        self.strip = ToolStrip(theme, self.part)
        self.figures, self.counts = ScanFigures(theme), OutcomeCounts(theme)
        self.title, self.state, self._says = CutLabel(), QLabel(), QLabel()
        self.progress = QProgressBar(textVisible=False)
        self.show_only = QComboBox()
        self.pause_button = KeyButton(theme, translate("Scan", "Pause"), "Space", "pause", compact=True)
        self.go_button = KeyButton(theme, translate("Scan", "Go on"), "G", "play", primary=True, compact=True)
        self.cancel_button = KeyButton(theme, translate("Scan", "Cancel"), "C", "stop", compact=True)
        self.export_button = KeyButton(theme, translate("Scan", "Export"), "Ctrl+S", "export", compact=True)
        self.new_button = KeyButton(theme, translate("Scan", "New scan"), "Ctrl+N", "scan", compact=True)
        self.send_button = KeyButton(theme, translate("Scan", "Send to Review"), "R", "review", compact=True)
        self._set_up_tables()
        self._lay_out()
        self._connect()
        self.enter(Stage.OVER)

    # ── a scan's life ────────────────────────────────────────────────────────────────────────────────────────────
    def begin(self, folder: Path, rows: Sequence[ScanRow] = ()) -> None:
        """A new scan of `folder`, or one that goes on with what is done; the model is still being loaded."""
        self.rows.clear()
        self.skipped.clear()
        self.figures.clear()
        self.counts.clear()
        self._agreement = self._left_out = self._unknown = ""
        self.show_only.setCurrentIndex(0)
        self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        loading = translate("Scan", "Loading the model…")
        self.part.show_part(None, empty=loading)
        self._says.clear()
        self.title.setText(folder.name or str(folder))
        self.state.setText(loading)
        self.progress.setRange(0, 0)
        self.enter(Stage.LOADING)
        self.add(rows)

    def judged_by(self, named: str) -> None:
        """Model and recipe, in words."""
        self.title.setText(f"{self.title.text()} · {named}")
        self.part.show_part(None, empty=translate("Scan", "Choose a result to see its picture."))

    def add(self, batch: Sequence[ScanRow]) -> None:
        """More results; the table follows them while its end is in sight and nothing is marked."""
        bar = self.table.verticalScrollBar()
        follows = self.stage is Stage.RUNNING and bar.value() == bar.maximum() and self.current is None
        self.rows.append(batch)
        if time.monotonic() - self._merged > MERGE_S or self.stage is not Stage.RUNNING:
            self._merged = time.monotonic()
            self.rows.merge()
        self.skipped.append(batch)
        self.counts.add(batch)
        self._name_tabs()
        if follows:
            self.table.scrollToBottom()

    def leave_out(self, left_out: Sequence[LeftOut], folder: Path) -> None:
        """What the folder holds besides its pictures: listed behind what could not be read, and told at the end."""
        self._left_out = left_out_words(left_out)
        self.skipped.leave_out(left_out, folder)
        self._name_tabs()

    def show_progress(self, progress: Progress) -> None:
        """Pictures done, per second, and the time left."""
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)
        self.state.setText(progress_words(progress, paused=self.stage is Stage.PAUSED))

    def show_writing(self, words: str, done: int, of: int) -> None:
        """An export is under way; C cancels it."""
        self.progress.setVisible(True)
        self.progress.setRange(0, of)
        self.progress.setValue(done)
        self.cancel_button.setVisible(True)
        self.export_button.setEnabled(False)
        at = (
            translate("Scan", "picture {done} of {total}").format(done=number(done + 1), total=number(of)) if of else ""
        )
        self.state.setText(" ".join(part for part in (words, at) if part))

    def enter(self, stage: Stage) -> None:
        """Which buttons there are now."""
        self.stage = stage
        self.rows.merge()
        works, paused = stage in (Stage.RUNNING, Stage.PAUSED), stage is Stage.PAUSED
        self.pause_button.setText(translate("Scan", "Go on") if paused else translate("Scan", "Pause"))
        self.pause_button.set_icon("play" if paused else "pause")
        self.progress.setVisible(works or stage is Stage.LOADING)
        self.pause_button.setVisible(works)
        self.cancel_button.setVisible(works)
        self.go_button.setVisible(stage is Stage.STOPPED)
        self.new_button.setVisible(stage in (Stage.STOPPED, Stage.OVER))
        self.export_button.setEnabled(stage not in (Stage.LOADING, Stage.RUNNING))

    def conclude(self, summary: Summary, *, ended: bool, total: int | None) -> None:
        """The figures at the end."""
        self.figures.conclude(summary)
        self._unknown = unknown_words(summary.unknown)
        if summary.agreed.of:
            words = translate("Scan", "{share} as the folders say")
            self._agreement = words.format(share=percent(summary.agreed.rate))
        self.say_end(ended=ended, total=total)
        self.enter(Stage.OVER if ended else Stage.STOPPED)

    def say_end(self, *, ended: bool, total: int | None) -> None:
        """How far it came."""
        words = end_words(self.rows.count, total, ended=ended)
        self.state.setText(" · ".join(part for part in (self._unknown, words, self._left_out, self._agreement) if part))

    # ── the table ────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> Inspection | None:
        """The result the mark is on."""
        row = self.rows.row(self.table.currentIndex().row())
        return row.inspection if row else None

    def step(self, rows: int) -> None:
        """To the next or the previous result."""
        row = self.table.currentIndex().row() + rows
        if 0 <= row < self.rows.rowCount():
            index = self.rows.index(row, PICTURE)
            flags = QItemSelectionModel.SelectionFlag
            self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def previous(self) -> None:
        """The result before."""
        self.step(-1)

    def next(self) -> None:
        """The result after."""
        self.step(1)

    def show_part(self, opened: OpenedPart) -> None:
        """Its picture, and why the verdict."""
        self.part.show_part(opened)
        self._says.setText(_said(opened.stored.inspection.verdict))

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _set_up_tables(self) -> None:
        theme = self._context.theme
        self.table.setModel(self.rows)
        self.table.setItemDelegate(VerdictDelegate(theme, self.table))
        self.skipped_table.setModel(self.skipped)
        for table in (self.table, self.skipped_table):
            # The names of one folder begin alike: what tells them apart is at the end.
            table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
            calm_table(table, theme, scaled(ROW))
            table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.table.setSortingEnabled(True)
        self.table.setAccessibleName(translate("Scan", "Results"))
        self.skipped_table.setAccessibleName(translate("Scan", "Skipped files"))
        for column, width in WIDTHS.items():
            self.table.setColumnWidth(column, scaled(width))
        self.skipped_table.setColumnWidth(FILE, scaled(WIDTHS[PICTURE]))
        self.show_only.setAccessibleName(translate("Scan", "Which results are listed"))
        for which, words in show_words().items():
            self.show_only.addItem(words, which)

    def _connect(self) -> None:
        self.show_only.currentIndexChanged.connect(self._filter)
        self.table.selectionModel().currentRowChanged.connect(self._mark)

    def _filter(self) -> None:
        self.rows.show_only(Show(self.show_only.currentData()))

    def _mark(self) -> None:
        self.marked.emit()

    def _name_tabs(self) -> None:
        found = ((0, translate("Scan", "Results"), self.rows.count),
                 (1, translate("Scan", "Skipped"), self.skipped.rowCount()))  # fmt: skip
        for place, word, count in found:
            self.tabs.setTabText(place, f"{word} ({number(count)})")

    def _lay_out(self) -> None:
        self.title.setProperty("role", "large")
        # A long name must not push the buttons out of the window.
        self.state.setWordWrap(True)
        self._says.setProperty("role", "muted")
        self._says.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self.state, 1)
        buttons = (self.pause_button, self.go_button, self.cancel_button, self.export_button, self.new_button)
        for button in buttons:
            head.addWidget(button)
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        acts.addWidget(self.show_only, 1)
        acts.addWidget(self.send_button)
        listed = _column()
        layout = listed.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.setContentsMargins(0, SPACING, 0, 0)
        layout.addLayout(acts)
        layout.addWidget(self.table, 1)
        self.tabs.addTab(listed, "")
        self.tabs.addTab(_column(self.skipped_table), "")
        self.tabs.addTab(self.figures, translate("Scan", "Summary"))
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self._name_tabs()
        page = QVBoxLayout(self)
        page.setContentsMargins(2 * SPACING, SPACING, SPACING, SPACING)
        page.setSpacing(SPACING)
        page.addWidget(self.title)
        page.addLayout(head)
        page.addWidget(self.progress)
        page.addWidget(self._split(), 1)

    def _split(self) -> QSplitter:
        picture = QHBoxLayout()
        picture.setSpacing(SPACING)
        picture.addWidget(self.part, 1)
        picture.addWidget(self.strip)
        right = _column()
        layout = right.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addLayout(picture, 1)
        layout.addWidget(self._says)
        layout.addWidget(self.counts)
        self.split = split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.tabs)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        kept = self._context.memory("scan").get("split")
        sizes = [size for size in kept if isinstance(size, int) and size > 0] if isinstance(kept, list) else []
        split.setSizes(sizes if len(sizes) == 2 else [LIST_WIDTH, 10_000])
        split.setHandleWidth(SPACING)
        split.setChildrenCollapsible(False)
        split.setStyleSheet("QSplitter::handle { background: transparent; }")
        split.splitterMoved.connect(self._keep_split)
        return split

    def _keep_split(self) -> None:
        self._context.remember("scan", split=self.split.sizes())


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, SPACING if widgets else 0, 0, 0)
    column.setSpacing(SPACING)
    for widget in widgets:
        column.addWidget(widget)
    return holder


def _said(verdict: Verdict) -> str:
    """The verdict and why; the first reason of an unknown part says that it is one."""
    named = "" if verdict.unknown else f" {class_word(verdict)}".rstrip()
    return f"{outcome_word(verdict.outcome)}{named}: {'; '.join(map(translated, verdict.reasons))}"
