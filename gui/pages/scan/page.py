"""Scan: a folder of pictures through a model, beside the line; results as they come, figures at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from db.inspections.overrides import add_override
from db.inspections.table import get
from engine import events
from engine.domain.inspection import Inspection, Outcome, Override, Traveller, new_id, utc_now
from engine.station.scan_journal import Journalled, forget
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.jobs import Job
from gui.page import Binding
from gui.pages.scan.results.export import ScanExports
from gui.pages.scan.results.files import ScanResult
from gui.pages.scan.results.results import ScanResults, Stage
from gui.pages.scan.results.stored import Known, Shown, read_known, read_last, read_shown
from gui.pages.scan.results.summary import Summary, summarise
from gui.pages.scan.run import Prepared, Progress, ScanOrder, ScanRun, order_of, prepare
from gui.pages.scan.setup import ScanSetup
from gui.viewer.picture import OpenedPart, open_part

SETTLE_MS = 40


class ScanPage(QWidget):
    """Set-up, then results. One scan at a time; it runs on while other pages are shown."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAcceptDrops(True)
        self._context = context
        self.setup, self.results = ScanSetup(context), ScanResults(context)
        self.exports = ScanExports(context, self, self._result)
        self._stack = QStackedWidget()
        self._run: ScanRun | None = None
        self._shown: Shown | None = None
        self._summary = Summary({})
        self._loading = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._open_current)
        self._stack.addWidget(self.setup)
        self._stack.addWidget(self.results)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._connect()
        self._come_back()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Models, recipes and stopped scans may have changed."""
        context = self._context
        work = partial(read_known, context.db, context.folder / "recipes", self._journals)
        context.jobs.run(work, self._offered)

    def keys(self) -> list[Binding]:
        """Everything Scan does, by key."""
        return [
            Binding("Space", translate("Scan", "Start, pause, go on"), self.start_or_pause),
            Binding("C", translate("Scan", "Cancel the scan or the export"), self.cancel),
            Binding("G", translate("Scan", "Go on with the stopped scan"), self.go_on),
            Binding("V", translate("Scan", "Show the results of the stopped scan"), self.show_stopped),
            Binding("Delete", translate("Scan", "Forget the stopped scan"), self.ask_forget),
            Binding("Ctrl+O", translate("Scan", "Choose a folder"), self.choose),
            Binding("Ctrl+S", translate("Scan", "Export the results"), self.ask_export),
            Binding("Ctrl+N", translate("Scan", "New scan"), self.new_scan),
            Binding("R", translate("Scan", "Send the picture to Review"), self.send_to_review),
            Binding("Left", translate("Scan", "Previous picture"), self.results.previous),
            Binding("Right", translate("Scan", "Next picture"), self.results.next),
            *self.results.strip.bindings,
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        if self.exports.busy:
            return translate("Scan", "An export is being written.")
        return translate("Scan", "A scan is running.") if self.running or self._loading else ""

    def close_page(self) -> None:
        """End the scan; what was judged stays recorded, and the scan can go on at the next start."""
        self._settle.stop()
        if self._run is not None:
            self._run.stop()
            self._run = None

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def running(self) -> bool:
        """True while a scan is under way."""
        return self._run is not None

    def start_or_pause(self) -> None:
        """Space: whatever comes next."""
        if self._run is not None:
            (self._run.resume if self._run.paused else self._run.pause)()
            self.results.enter(Stage.PAUSED if self._run.paused else Stage.RUNNING)
        elif self._stack.currentWidget() is self.setup:
            self.setup.start()

    def start(self) -> None:
        """Load the model on a thread of its own, then scan."""
        setup = self.setup
        order = replace(
            self._order(),
            folder=Path(setup.chosen_folder),
            recursive=setup.recursive.isChecked(),
            model=str(setup.model.currentData() or ""),
            recipe=str(setup.recipe.currentData() or ""),
            review_band=not setup.no_review.isChecked(),
        )
        self._begin(order, None)

    def go_on(self) -> None:
        """Go on with the scan that stopped; nothing is judged twice."""
        found = self.setup.stopped.found
        if found is not None and self._run is None:
            self._begin(order_of(found, self._order()), found)

    def show_stopped(self) -> None:
        """What the stopped scan found so far."""
        found = self.setup.stopped.found
        if found is not None and self._run is None and not self._loading:
            self._context.jobs.run(partial(read_shown, self._context.db, found), self._show_read)

    def ask_forget(self) -> None:
        """Forget the stopped scan, if one says so again."""
        if self.setup.stopped.found is None or self._run is not None or not self.setup.isVisible():
            return
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(translate("Scan", "Forget the stopped scan?"))
        box.setInformativeText(translate("Scan", "What was judged stays stored; the scan cannot go on any more."))
        yes = box.addButton(translate("Scan", "Forget"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        yes.clicked.connect(self.forget)
        box.finished.connect(box.deleteLater)
        box.open()

    def forget(self) -> None:
        """Forget the stopped scan; its inspections stay."""
        found = self.setup.stopped.found
        if found is not None:
            self.setup.stopped.offer(None)
            self._context.jobs.run(partial(forget, found.folder), self._nothing)

    def offer(self, folder: Path) -> None:
        """A folder that was dropped on the window: ready to start; a scan that runs goes on."""
        if self._run is not None or self._loading:
            self.new_scan()
            return
        self._show_setup()
        self.setup.set_folder(folder)

    def cancel(self) -> None:
        """End the scan early, or the export."""
        if self._run is not None:
            self._run.ask_stop()
        else:
            self.exports.cancel()

    def choose(self) -> None:
        """Choose a folder, from wherever the page stands."""
        self.new_scan()
        if self._run is None and not self._loading:
            self.setup.choose()

    def new_scan(self) -> None:
        """Back to the set-up; a scan that runs goes on."""
        if self._run is not None or self._loading:
            running = translate("Scan", "A scan is running.")
            self._context.notify("info", running, translate("Scan", "Cancel it (C) before you start another."))
            return
        self._show_setup()
        self.activated()

    def ask_export(self) -> None:
        """The menu of files; C ends a long one."""
        if not self.results.rows.count or not self.results.export_button.isEnabled():
            self._context.notify("info", translate("Scan", "There are no results to export yet."))
            return
        button = self.results.export_button
        self.exports.menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def send_to_review(self) -> None:
        """The verdict of the picture on screen becomes REVIEW, under the operator's name."""
        inspection = self.results.current
        if inspection is None:
            self._context.notify("info", translate("Scan", "Choose a result first."))
            return
        why = translate("Scan", "sent from a scan")
        at, by = utc_now(), self._context.operator
        override = Override(new_id(at), inspection.id, at, by, Outcome.REVIEW, "", why)
        self._context.jobs.run(partial(add_override, self._context.db, override), self._sent)

    # ── a scan's life ────────────────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        results, stopped = self.results, self.setup.stopped
        acts: list[tuple[QWidget, Callable[[], None]]] = [
            (results.pause_button, self.start_or_pause),
            (results.go_button, self.go_on),
            (results.cancel_button, self.cancel),
            (results.export_button, self.ask_export),
            (results.new_button, self.new_scan),
            (results.send_button, self.send_to_review),
        ]
        for button, act in acts:
            button.clicked.connect(act)  # type: ignore[attr-defined]
        self.setup.started.connect(self.start)
        stopped.goOn.connect(self.go_on)
        stopped.showAsked.connect(self.show_stopped)
        stopped.forgetAsked.connect(self.ask_forget)
        results.marked.connect(self._settle.start)
        self.exports.progressed.connect(results.show_writing)
        self.exports.over.connect(self._written)

    def _order(self) -> ScanOrder:
        """A scan beside the line takes one thread: the line goes first."""
        settings = self._context.settings
        return ScanOrder(
            Path(),
            threads=1 if self._context.recorder is not None else settings.threads,
            traveller=Traveller(operator=settings.operator, station=settings.station),
            journals=self._journals,
        )

    @property
    def _journals(self) -> Path:
        return self._context.folder / "scans"

    def _begin(self, order: ScanOrder, resume: Journalled | None) -> None:
        if self._run is not None or self._loading:
            return
        self._loading = True
        self.results.begin(order.folder)
        self._show_results()
        db = self._context.db

        def work(_job: Job, _report: Callable[[None], None]) -> Prepared:
            return prepare(db, order, resume)

        self._context.jobs.stream(work, self._nothing, self._loaded, self._not_loaded)

    def _loaded(self, prepared: Prepared) -> None:
        self._loading = False
        if prepared.anew:
            self._context.notify("warning", prepared.anew, translate("Scan", "The scan starts anew."))
        run = ScanRun(self._context.db, prepared, self)
        named = prepared.journal.plan.named
        self._shown = Shown(prepared.order.folder, named, False, None, prepared.package, prepared)
        self._run = run
        run.results.connect(self.results.add)
        run.progressed.connect(self._progressed)
        run.warned.connect(self._warned)
        run.finished.connect(self._finished)
        self.results.add(prepared.done)
        self.results.judged_by(named)
        self.results.enter(Stage.RUNNING)
        run.start()

    def _not_loaded(self, error: Exception) -> None:
        self._loading = False
        self._show_setup()
        self._context.jobs.failed.emit(error)

    def _progressed(self, progress: Progress) -> None:
        self.results.show_progress(progress)

    def _warned(self, event: events.Warned) -> None:
        self._context.notify("warning", event.message, event.remedy)

    def _finished(self, event: events.Stopped | events.Failed) -> None:
        run, shown, self._run = self._run, self._shown, None
        if run is None or shown is None:
            return
        self._context.jobs.run(partial(_stopped, run), self._retire)
        ended = isinstance(event, events.Stopped) and event.ended
        self._shown = shown = replace(shown, ended=ended, total=run.total)
        if isinstance(event, events.Failed):
            self._context.notify("error", event.message, event.remedy)
            if not self.results.rows.count:
                self._show_setup()
        self.results.enter(Stage.OVER if ended else Stage.STOPPED)
        self._conclude(shown)
        self.activated()

    def _retire(self, run: ScanRun) -> None:
        run.deleteLater()

    def _conclude(self, shown: Shown) -> None:
        self._context.jobs.run(partial(summarise, self.results.rows.rows, *shown.names), self._concluded)

    def _concluded(self, summary: Summary) -> None:
        if self._run is None and not self._loading and self._shown is not None:
            self._summary = summary
            self.results.conclude(summary, ended=self._shown.ended, total=self._shown.total)

    # ── what was before ──────────────────────────────────────────────────────────────────────────────────────────
    def _come_back(self) -> None:
        """The results that were on screen, after a restart or when the window was built anew."""
        if self._context.memory("scan").get("shown") is True:
            self._context.jobs.run(partial(read_last, self._context.db, self._journals), self._show_read)

    def _show_read(self, shown: Shown | None) -> None:
        if shown is None or self._run is not None or self._loading:
            return
        self._shown = shown
        self.results.begin(shown.folder, shown.rows)
        self.results.judged_by(shown.named)
        self.results.enter(Stage.OVER if shown.ended else Stage.STOPPED)
        self.results.say_end(ended=shown.ended, total=shown.total)
        self._show_results()
        self._conclude(shown)

    def _offered(self, known: Known) -> None:
        self.setup.offer(known.models, known.recipes)
        if self._run is None:
            self.setup.stopped.offer(known.stopped)

    def _show_setup(self) -> None:
        self._stack.setCurrentWidget(self.setup)
        self._context.remember("scan", shown=False)

    def _show_results(self) -> None:
        self._stack.setCurrentWidget(self.results)
        self._context.remember("scan", shown=True)

    # ── the picture, the files ───────────────────────────────────────────────────────────────────────────────────
    def _open_current(self) -> None:
        inspection = self.results.current
        if inspection is not None:
            self._context.jobs.run(partial(_open, self._context, inspection), self._opened)

    def _opened(self, opened: OpenedPart | None) -> None:
        now = self.results.current
        if opened is not None and now is not None and now.id == opened.stored.inspection.id:
            self.results.show_part(opened)

    def _sent(self, override: Override) -> None:
        self.results.rows.mark_sent(override.inspection_id)
        self._context.overridden.emit(override.inspection_id)
        self._context.notify("info", translate("Scan", "The picture is sent to Review."))

    def _result(self) -> ScanResult | None:
        shown = self._shown
        if shown is None:
            return None
        view = shown.prepared.recipe.view if shown.prepared else None
        rows = self.results.rows.rows
        names = shown.names
        # A scan that is only paused has no summary yet.
        summary = summarise(rows, *names) if self._run is not None else self._summary
        return ScanResult(
            rows, shown.folder, shown.named, *names, summary, utc_now(), self._context.language.code,
            view is not None, view.heat_box if view else None, (self._context.db, self._context.archive),
        )  # fmt: skip

    def _written(self) -> None:
        self.results.enter(self.results.stage)
        if self._shown is not None and self._run is None:
            self.results.say_end(ended=self._shown.ended, total=self._shown.total)

    def _nothing(self, _none: None) -> None:
        """Of a job whose end needs no word."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped anywhere on the page."""
        self.setup.zone.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Back to the set-up with that folder."""
        self.new_scan()
        if self._run is None and not self._loading:
            self.setup.zone.dropEvent(event)


def _open(context: AppContext, inspection: Inspection) -> OpenedPart | None:
    stored = get(context.db, inspection.id)
    return open_part(context, stored) if stored else None


def _stopped(run: ScanRun) -> ScanRun:
    """After its thread has ended and its recorder is closed. Blocking."""
    run.stop()
    return run
