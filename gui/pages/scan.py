"""Scan: a folder of pictures through a model, beside the line; results as they come, figures at the end."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from db.inspections import get
from db.registry import ModelVersion, list_models
from engine import events
from engine.domain import Inspection, Traveller
from engine.errors import InputError
from gui.context import AppContext, Binding
from gui.language import translate
from gui.pages.review_picture import OpenedPart, open_part
from gui.pages.scan_results import ScanResults
from gui.pages.scan_run import Prepared, Progress, ScanOrder, ScanRun, prepare
from gui.pages.scan_setup import ScanSetup
from gui.pages.scan_summary import Summary, summarise, write_csv

SETTLE_MS = 40


class ScanPage(QWidget):
    """Set-up, then results. One scan at a time; it runs on while other pages are shown."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAcceptDrops(True)
        self._context = context
        self.setup = ScanSetup(context.theme)
        self.results = ScanResults(context)
        self._stack = QStackedWidget()
        self._run: ScanRun | None = None
        self._order: ScanOrder | None = None
        self._prepared: Prepared | None = None
        self._loading = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._open_current)
        self._stack.addWidget(self.setup)
        self._stack.addWidget(self.results)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._connect()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """The models may have changed."""
        self._context.jobs.run(partial(list_models, self._context.db), self.setup.offer)

    def keys(self) -> list[Binding]:
        """Everything Scan does, by key."""
        step = self.results.step
        return [
            Binding("Space", "Start, pause, go on", self.start_or_pause),
            Binding("C", "Cancel the scan", self.cancel),
            Binding("Ctrl+O", "Choose a folder", self.choose),
            Binding("Ctrl+S", "Save the results as CSV", self.ask_csv),
            Binding("Ctrl+N", "New scan", self.new_scan),
            Binding("Left", "Previous picture", partial(step, -1)),
            Binding("Right", "Next picture", partial(step, 1)),
            *self.results.strip.bindings,
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return translate("Scan", "A scan is running.") if self.running or self._loading else ""

    def close_page(self) -> None:
        """End the scan; what was inspected stays recorded."""
        self._settle.stop()
        if self._run is not None:
            self._run.stop()
        elif self._prepared is not None:
            self._prepared.model.close()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def running(self) -> bool:
        """True while a scan is under way."""
        return self._run is not None

    def start_or_pause(self) -> None:
        """Space: whatever comes next."""
        if self._run is not None:
            (self._run.resume if self._run.paused else self._run.pause)()
            self.results.show_state(running=True, paused=self._run.paused)
        elif self._stack.currentWidget() is self.setup:
            self.setup.start()

    def start(self) -> None:
        """Load the model on a job, then scan."""
        if self._run is not None or self._loading:
            return
        folder = Path(self.setup.folder.text().strip())
        version, band = str(self.setup.model.currentData() or ""), not self.setup.no_review.isChecked()
        self._loading = True
        self.results.begin(folder)
        self._stack.setCurrentWidget(self.results)
        self._context.jobs.run(partial(self._prepare, folder, version, band), self._loaded, self._not_loaded)

    def offer(self, folder: Path) -> None:
        """A folder that was dropped on the window: ready to start; a scan that runs goes on."""
        if self._run is not None or self._loading:
            self.new_scan()
            return
        self._stack.setCurrentWidget(self.setup)
        self.setup.set_folder(folder)

    def cancel(self) -> None:
        """End the scan early."""
        if self._run is not None:
            self._run.ask_stop()

    def choose(self) -> None:
        """Choose a folder, from wherever the page stands."""
        self.new_scan()
        if self._run is None:
            self.setup.choose()

    def new_scan(self) -> None:
        """Back to the set-up; a scan that runs goes on."""
        if self._run is not None or self._loading:
            self._context.notify("info", "A scan is running.", "Cancel it (C) before you start another.")
            return
        self._stack.setCurrentWidget(self.setup)
        self.activated()

    def ask_csv(self) -> None:
        """Where to save the results."""
        if self._order is None or not self.results.rows.inspections:
            self._context.notify("info", "There are no results to save yet.")
            return
        dialog = QFileDialog(self, "Save the results", str(Path.home() / f"{self._order.folder.name}.csv"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("CSV (*.csv)")
        dialog.setDefaultSuffix("csv")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: self.save_csv(Path(chosen)))
        dialog.open()

    def save_csv(self, path: Path) -> None:
        """Write every result so far to `path`, on a job."""
        if self._order is None:
            return
        results, root = self.results.rows.inspections, self._order.folder

        def done(lines: int) -> None:
            self._context.notify("info", f"{lines:,} results are saved in {path}.")

        self._context.jobs.run(partial(write_csv, path, results, root), done)

    # ── a scan's life ────────────────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        self.setup.started.connect(self.start)
        results = self.results
        results.pause_button.clicked.connect(self.start_or_pause)
        results.cancel_button.clicked.connect(self.cancel)
        results.csv_button.clicked.connect(self.ask_csv)
        results.new_button.clicked.connect(self.new_scan)
        results.marked.connect(self._settle.start)

    def _prepare(self, folder: Path, version: str, band: bool) -> tuple[ScanOrder, Prepared]:
        """Blocking, on a job. A scan beside the line takes one thread: the line goes first."""
        context = self._context
        model = _model(context, version)
        recipe = context.recipe if context.package and context.package.version == model.version else None
        threads = 1 if context.recorder is not None else context.settings.threads
        traveller = Traveller(operator=context.settings.operator, station=context.settings.station)
        order = ScanOrder(folder, model.folder, recipe, band, threads, traveller)
        return order, prepare(order)

    def _loaded(self, made: tuple[ScanOrder, Prepared]) -> None:
        self._loading = False
        self._order, self._prepared = made
        run = ScanRun(self._context.db, *made, self)
        run.results.connect(self.results.add)
        run.skipped.connect(lambda _name, reason: self.results.figures.skip(reason))
        run.progressed.connect(self._progressed)
        run.finished.connect(self._finished)
        self._run = run
        self.results.run_by(self._prepared.package.ref)
        self.results.show_state(running=True, paused=False)
        run.start()

    def _not_loaded(self, error: Exception) -> None:
        self._loading = False
        self._stack.setCurrentWidget(self.setup)
        self._context.jobs.failed.emit(error)

    def _progressed(self, progress: Progress) -> None:
        self.results.show_progress(progress, paused=self._run is not None and self._run.paused)

    def _finished(self, event: events.Stopped | events.Failed) -> None:
        if self._run is not None:
            self._run.stop()
            self._run.deleteLater()
        self._run, prepared = None, self._prepared
        self.results.show_state(running=False, paused=False)
        if isinstance(event, events.Failed):
            self._context.notify("error", event.message, event.remedy)
            if not self.results.rows.inspections:
                self._stack.setCurrentWidget(self.setup)
        if prepared is not None and self._order is not None:
            manifest = prepared.package.manifest
            results, root = self.results.rows.inspections, self._order.folder
            work = partial(summarise, results, root, manifest.class_names, manifest.ok_classes)
            self._context.jobs.run(work, partial(self._concluded, event))

    def _concluded(self, event: events.Stopped | events.Failed, summary: Summary) -> None:
        self.results.conclude(summary, ended=isinstance(event, events.Stopped) and event.ended)

    # ── the picture ──────────────────────────────────────────────────────────────────────────────────────────────
    def _open_current(self) -> None:
        inspection = self.results.current
        if inspection is not None:
            self._context.jobs.run(partial(_open, self._context, inspection), self._opened)

    def _opened(self, opened: OpenedPart | None) -> None:
        now = self.results.current
        if opened is not None and now is not None and now.id == opened.stored.inspection.id:
            self.results.show_part(opened)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped anywhere on the page."""
        self.setup.zone.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Back to the set-up with that folder."""
        self.new_scan()
        if self._run is None:
            self.setup.zone.dropEvent(event)


def _model(context: AppContext, version: str) -> ModelVersion:
    """The registered model asked for, or the active one."""
    known = list_models(context.db)
    found = next((m for m in known if (m.version == version if version else m.state == "active")), None)
    if found is None:
        raise InputError("There is no active model.", "Activate one on Models (Ctrl+4).")
    return found


def _open(context: AppContext, inspection: Inspection) -> OpenedPart | None:
    stored = get(context.db, inspection.id)
    return open_part(context, stored) if stored else None
