"""The page's scans, one at a time: made ready beside, run on a station's own thread, heard of on the GUI thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from db.runs.scan import ReadyScan, ScanOrder, ScanRun, ready_scan
from engine import events
from engine.station.scan_journal import Journalled
from gui.context import AppContext
from gui.jobs.jobs import Job
from gui.pages.scan.progress import Meter
from gui.pages.scan.rows import NOTHING_TOLD, ScanRow, Told, row_of

DRAIN_MS = 200
BATCH = 400
"""At most so many results a tick go into the table, so that the window stays fluid."""

Came = deque[ScanRow | events.Warned | events.Stopped | events.Failed]


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A scan about to run: what it is made of, and the rows of what was done before."""

    ready: ReadyScan
    run: ScanRun
    rows: tuple[ScanRow, ...]
    came: Came
    """What its station published and nobody took yet."""


class Scanning(QObject):
    """Signals come on the GUI thread, in batches from a timer, never one a picture."""

    begun = Signal(object)
    """Begun: the model is loaded."""
    refused = Signal(object)
    """Exception: it could not be made ready."""
    results = Signal(object)
    """list[ScanRow]"""
    progressed = Signal(object)
    """Progress"""
    listed = Signal(object)
    """tuple[LeftOut, ...]: what the folder holds besides its pictures; once, when it was listed."""
    warned = Signal(object)
    """events.Warned"""
    finished = Signal(object)
    """events.Stopped or events.Failed: the scan is over."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._now: Begun | None = None
        self._meter = Meter()
        self.loading = self._listed = False
        self.total: int | None = None
        """Pictures in all of this scan or the last one; None before the folder was listed."""
        self._timer = QTimer(self, interval=DRAIN_MS)
        self._timer.timeout.connect(self._drain)

    @property
    def running(self) -> bool:
        """True while a scan is under way."""
        return self._now is not None

    @property
    def busy(self) -> bool:
        """True while a scan is under way or being made ready: another one has to wait."""
        return self.running or self.loading

    @property
    def paused(self) -> bool:
        """True between a pause and its end."""
        return self._now is not None and self._now.run.station.paused

    def begin(self, order: ScanOrder, resume: Journalled | None = None, told: Told = NOTHING_TOLD) -> None:
        """Load the model on a thread of its own, then scan; `resume`: go on with this one. Only while not `busy`."""
        self.loading, db, sound = True, self._context.db, told.of(order.folder)

        def work(_job: Job, _report: Callable[[None], None]) -> Begun:
            ready, came = ready_scan(db, order, resume), Came()
            run = ScanRun(db, ready, partial(_take, came, order.folder, sound))
            return Begun(ready, run, tuple(row_of(i, order.folder, sound) for i in ready.done), came)

        self._context.jobs.stream(work, _nothing, self._loaded, self._not_loaded)

    def toggle(self) -> None:
        """Hold after the pictures in flight, or go on."""
        if self._now is None:
            return
        station = self._now.run.station
        if station.paused:
            self._meter.run()
            station.resume()
        else:
            self._meter.hold()
            station.pause()

    def ask_stop(self) -> None:
        """End the scan without waiting; `finished` follows."""
        if self._now is not None:
            self._now.run.station.request_stop()

    def close(self) -> None:
        """End the scan; what was judged stays recorded. Blocks until its thread has ended (one picture's time)."""
        self._timer.stop()
        now, self._now = self._now, None
        if now is not None:
            _stop(now.run)

    def _loaded(self, begun: Begun) -> None:
        self.loading, self._listed, self._now = False, False, begun
        self.total, self._meter = None, Meter(len(begun.rows))
        self.begun.emit(begun)
        self._meter.run()
        begun.run.station.start(behind=True)
        self._timer.start()

    def _not_loaded(self, error: Exception) -> None:
        self.loading = False
        self.refused.emit(error)

    def _drain(self) -> None:
        now = self._now
        if now is None:
            return
        batch: list[ScanRow] = []
        end: events.Stopped | events.Failed | None = None
        while now.came and len(batch) < BATCH:
            came = now.came.popleft()
            if isinstance(came, ScanRow):
                batch.append(came)
            elif isinstance(came, events.Warned):
                self.warned.emit(came)
            else:
                end = came
        if batch:
            self._meter.add(len(batch))
            self.results.emit(batch)
        if not self._listed and now.run.left_out is not None:
            self._listed = True
            self.listed.emit(now.run.left_out)
        self.total = now.run.total or self.total
        self.progressed.emit(self._meter.progress(self.total))
        if end is not None:
            self._timer.stop()
            self._now = None
            self._context.jobs.run(partial(_stop, now.run), _nothing)
            self.finished.emit(end)


def _take(came: Came, folder: Path, sound: frozenset[str] | None, event: events.StationEvent) -> None:
    """On the station's thread."""
    match event:
        case events.Inspected(inspection=inspection):
            came.append(row_of(inspection, folder, sound))
        case events.Stopped() | events.Failed() | events.Warned():
            came.append(event)
        case _:
            pass


def _stop(run: ScanRun) -> None:
    if run.station.stop(timeout=10.0):
        run.close()


def _nothing(_none: None) -> None:
    """Of a job whose end needs no word."""
