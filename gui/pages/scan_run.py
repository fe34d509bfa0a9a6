"""One scan: loads the model beside, runs a Station over a folder on its own thread, hands results to the page."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from db.jobs import Recorder
from db.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain import Inspection, Traveller
from engine.package import ModelPackage, open_package
from engine.product import Recipe
from engine.recipe import default_recipe, without_review
from engine.sources.folder import FolderSource
from engine.station import SCAN, Station

DRAIN_MS = 100
GROUP = 64
BATCH = 500
"""At most so many results a tick go into the table, so that the window stays fluid."""


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """What to scan and how. `recipe` None = the package's own; `threads` 0 = all cores."""

    folder: Path
    package: Path
    recipe: Recipe | None = None
    review_band: bool = True
    threads: int = 0
    traveller: Traveller = field(default_factory=Traveller)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: pictures done of total, pictures per second, seconds left (None = not known yet)."""

    done: int
    total: int | None
    rate: float
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What loading gives: the warm model, its package and the recipe that will judge."""

    model: Model
    package: ModelPackage
    recipe: Recipe


def prepare(order: ScanOrder) -> Prepared:
    """Open and load the model. Blocking, 0.2–3 s. Raises PackageError, InferenceError."""
    package = open_package(order.package)
    recipe = order.recipe or default_recipe(package)
    recipe = recipe if order.review_band else without_review(recipe)
    return Prepared(load_model(package, threads=order.threads, mode="throughput"), package, recipe)


class ScanRun(QObject):
    """A scan under way. Signals come on the GUI thread, in batches from a timer, never one a picture.

    `results` carries list[Inspection], `skipped` (name, reason), `progressed` a Progress, `finished` Stopped or Failed.
    """

    results = Signal(object)
    skipped = Signal(str, str)
    progressed = Signal(object)
    finished = Signal(object)

    def __init__(
        self, db: Database, order: ScanOrder, prepared: Prepared, parent: QObject | None = None, *, gently: bool = True
    ) -> None:
        super().__init__(parent)
        self._source = FolderSource(order.folder)
        self._events: deque[events.StationEvent] = deque()
        self._gently, self._done, self._end = gently, 0, False
        self._total: int | None = None
        self._clock = _Clock()
        recipe = prepared.recipe
        self._recorder = Recorder(db, recipe.saving, group=GROUP, threshold=recipe.limits.ng_at)
        self._station = Station(
            self._source,
            prepared.model,
            recipe,
            record=self._recorder,
            publish=self._take,
            traveller=lambda: order.traveller,
            pace=SCAN,
        )
        self._timer = QTimer(self, interval=DRAIN_MS)
        self._timer.timeout.connect(self._drain)

    def start(self) -> None:
        """Begin on a thread of its own."""
        self._clock.run()
        self._station.start()
        self._timer.start()

    def pause(self) -> None:
        """Hold after the pictures in flight."""
        self._clock.hold()
        self._station.pause()

    def resume(self) -> None:
        """Go on."""
        self._clock.run()
        self._station.resume()

    @property
    def paused(self) -> bool:
        """True between `pause` and `resume`."""
        return self._station.paused

    def stop(self) -> bool:
        """End the scan; what was inspected stays recorded. Blocks until the thread has ended (one picture's time)."""
        return self._station.stop(timeout=10.0)

    def ask_stop(self) -> None:
        """End the scan without waiting; `finished` follows."""
        threading.Thread(target=self._station.stop, name="scan-stop", daemon=True).start()

    def _take(self, event: events.StationEvent) -> None:
        if isinstance(event, events.Started) and self._gently:
            _lower_priority()
        self._events.append(event)

    def _drain(self) -> None:
        batch: list[Inspection] = []
        end: events.Stopped | events.Failed | None = None
        while self._events and len(batch) < BATCH:
            match self._events.popleft():
                case events.Inspected(inspection=inspection):
                    batch.append(inspection)
                case events.PictureSkipped(name=name, reason=reason):
                    self.skipped.emit(name, reason)
                case events.Stopped() | events.Failed() as event:
                    end = event
                case _:
                    pass
        if batch:
            self._done += len(batch)
            self.results.emit(batch)
        self.progressed.emit(self._progress())
        if end is not None:
            self._timer.stop()
            self.finished.emit(end)

    def _progress(self) -> Progress:
        self._total = total = self._source.total or self._total
        seconds = self._clock.seconds
        rate = self._done / seconds if seconds > 0 else 0.0
        left = (total - self._done) / rate if total and rate else None
        return Progress(self._done, total, rate, left)


class _Clock:
    """Seconds spent working, without the pauses."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = None

    def run(self) -> None:
        self._since = time.monotonic() if self._since is None else self._since

    def hold(self) -> None:
        self._before, self._since = self.seconds, None

    @property
    def seconds(self) -> float:
        return self._before + (0.0 if self._since is None else time.monotonic() - self._since)


def _lower_priority() -> None:
    """Let the line go first: on Linux a nice value belongs to the calling thread alone. Elsewhere nothing."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
