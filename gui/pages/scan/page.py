"""Scan: a folder of pictures through a model, beside the line; results as they come, figures at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from db.runs.scan import ScanOrder, order_of
from engine import events
from engine.domain.inspection import Traveller
from engine.names import path_of
from engine.station.scan_journal import Journalled
from gui.context import AppContext
from gui.i18n.language import translate
from gui.page import Binding
from gui.pages.scan.results.export import ScanExports
from gui.pages.scan.results.marked import MarkedResult
from gui.pages.scan.results.results import ScanResults, Stage
from gui.pages.scan.results.showing import Showing
from gui.pages.scan.results.stored import Known, ShownScan, read_known, read_last, read_shown
from gui.pages.scan.scanning import Begun, Scanning
from gui.pages.scan.setup import ScanSetup


class ScanPage(QWidget):
    """Set-up, then results. One scan at a time; it runs on while other pages are shown."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAcceptDrops(True)
        self._context = context
        self.setup, self.results = ScanSetup(context), ScanResults(context)
        self.scanning, self.marked = Scanning(context, self), MarkedResult(context, self.results, self)
        self.showing = Showing(context, self.results, self)
        self.exports = ScanExports(context, self, self.showing.result)
        self._stack = QStackedWidget()
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
        work = partial(read_known, context.db, context.folder / "recipes", context.product)
        context.jobs.run(work, self._offered)

    def keys(self) -> list[Binding]:
        """Everything Scan does, by key."""
        return [
            Binding("Space", translate("Scan", "Start, pause, go on"), self.start_or_pause),
            Binding("C", translate("Scan", "Cancel the scan or the export"), self.cancel),
            Binding("G", translate("Scan", "Go on with the stopped scan"), self.go_on),
            Binding("V", translate("Scan", "Show the results of the stopped scan"), self.show_stopped),
            Binding("Delete", translate("Scan", "Forget the stopped scan"), self.setup.stopped.ask_forget),
            Binding("Ctrl+O", translate("Scan", "Choose a folder"), self.choose),
            Binding("Ctrl+S", translate("Scan", "Export the results"), self.ask_export),
            Binding("Ctrl+N", translate("Scan", "New scan"), self.new_scan),
            Binding("R", translate("Scan", "Send the picture to Review"), self.marked.send_to_review),
            Binding("Left", translate("Scan", "Previous picture"), self.results.previous),
            Binding("Right", translate("Scan", "Next picture"), self.results.next),
            *self.results.strip.bindings,
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        if self.exports.busy:
            return translate("Scan", "An export is being written.")
        return translate("Scan", "A scan is running.") if self.scanning.busy else ""

    def close_page(self) -> None:
        """End the scan; what was judged stays recorded, and the scan can go on at the next start."""
        self.marked.close()
        self.scanning.close()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def running(self) -> bool:
        """True while a scan is under way."""
        return self.scanning.running

    def start_or_pause(self) -> None:
        """Space: whatever comes next."""
        if self.running:
            self.scanning.toggle()
            self.results.enter(Stage.PAUSED if self.scanning.paused else Stage.RUNNING)
        elif self._stack.currentWidget() is self.setup:
            self.setup.start()

    def start(self) -> None:
        """Load the model on a thread of its own, then scan."""
        setup = self.setup
        order = replace(
            self._order(),
            folder=path_of(setup.chosen_folder),
            recursive=setup.recursive.isChecked(),
            model=str(setup.model.currentData() or ""),
            recipe=str(setup.recipe.currentData() or ""),
            review_band=not setup.no_review.isChecked(),
        )
        self._begin(order, None)

    def go_on(self) -> None:
        """Go on with the scan that stopped; nothing is judged twice."""
        found = self.setup.stopped.found
        if found is not None:
            self._begin(order_of(found, self._order()), found)

    def show_stopped(self) -> None:
        """What the stopped scan found so far."""
        found = self.setup.stopped.found
        if found is not None and not self.scanning.busy:
            self._context.jobs.run(partial(read_shown, self._context.db, found, self.setup.sound.told), self._show_read)

    def offer(self, folder: Path) -> None:
        """A folder that was dropped on the window: ready to start; a scan that runs goes on."""
        if self.scanning.busy:
            self.new_scan()
            return
        self._show_setup()
        self.setup.set_folder(folder)

    def cancel(self) -> None:
        """End the scan early, or the export."""
        if self.running:
            self.scanning.ask_stop()
        else:
            self.exports.cancel()

    def choose(self) -> None:
        """Choose a folder, from wherever the page stands."""
        self.new_scan()
        if not self.scanning.busy:
            self.setup.choose()

    def new_scan(self) -> None:
        """Back to the set-up; a scan that runs goes on."""
        if self.scanning.busy:
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

    # ── a scan's life ────────────────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        results, stopped = self.results, self.setup.stopped
        acts: list[tuple[QWidget, Callable[[], None]]] = [
            (results.pause_button, self.start_or_pause),
            (results.go_button, self.go_on),
            (results.cancel_button, self.cancel),
            (results.export_button, self.ask_export),
            (results.new_button, self.new_scan),
            (results.send_button, self.marked.send_to_review),
        ]
        for button, act in acts:
            button.clicked.connect(act)  # type: ignore[attr-defined]
        self.setup.started.connect(self.start)
        stopped.goOn.connect(self.go_on)
        stopped.showAsked.connect(self.show_stopped)
        self.scanning.begun.connect(self._begun)
        self.scanning.refused.connect(self._refused)
        self.scanning.results.connect(results.add)
        self.scanning.progressed.connect(results.show_progress)
        self.scanning.listed.connect(self.showing.leave_out)
        self.scanning.warned.connect(self._warned)
        self.scanning.finished.connect(self._finished)
        self.exports.progressed.connect(results.show_writing)
        self.exports.over.connect(self._written)

    def _order(self) -> ScanOrder:
        """A scan beside the line takes one thread: the line goes first."""
        settings = self._context.settings
        return ScanOrder(
            threads=1 if self._context.recorder is not None else settings.threads,
            traveller=Traveller(operator=settings.operator, station=settings.station),
            product=self._context.product.name,
        )

    def _begin(self, order: ScanOrder, resume: Journalled | None) -> None:
        if self.scanning.busy:
            return
        self.results.begin(order.folder)
        self._show_results()
        self.scanning.begin(order, resume, self.setup.sound.told)

    def _begun(self, begun: Begun) -> None:
        ready = begun.ready
        if ready.anew:
            self._context.notify("warning", ready.anew, translate("Scan", "The scan starts anew."))
        view = ready.recipe.view
        self.showing.begin(ShownScan(ready.order.folder, ready.named, False, None, ready.package, view, begun.rows))

    def _refused(self, error: Exception) -> None:
        self._show_setup()
        self._context.jobs.failed.emit(error)

    def _warned(self, event: events.Warned) -> None:
        self._context.notify("warning", event.message, event.remedy)

    def _finished(self, event: events.Stopped | events.Failed) -> None:
        if isinstance(event, events.Failed):
            self._context.notify("error", event.message, event.remedy)
            if not self.results.rows.count:
                self._show_setup()
        elif event.reason:
            self._context.notify("warning", event.reason, event.remedy)
        ended = isinstance(event, events.Stopped) and event.ended
        self.showing.over(ended=ended, total=self.scanning.total)
        self.activated()

    # ── what was before ──────────────────────────────────────────────────────────────────────────────────────────
    def _come_back(self) -> None:
        """The results that were on screen, after a restart or when the window was built anew."""
        if self._context.memory("scan").get("shown") is True:
            self._context.jobs.run(partial(read_last, self._context.db, self.setup.sound.told), self._show_read)

    def _show_read(self, shown: ShownScan | None) -> None:
        if shown is None or self.scanning.busy:
            return
        self._show_results()
        self.showing.again(shown)

    def _offered(self, known: Known) -> None:
        self.setup.offer(known.models, known.recipes)
        self.setup.account.refresh()
        if not self.running:
            self.setup.stopped.offer(known.stopped)

    def _show_setup(self) -> None:
        self._stack.setCurrentWidget(self.setup)
        self._context.remember("scan", shown=False)

    def _show_results(self) -> None:
        self._stack.setCurrentWidget(self.results)
        self._context.remember("scan", shown=True)

    def _written(self) -> None:
        self.results.enter(self.results.stage)
        self.showing.say_end()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped anywhere on the page."""
        self.setup.zone.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Back to the set-up with that folder."""
        self.new_scan()
        if not self.scanning.busy:
            self.setup.zone.dropEvent(event)
