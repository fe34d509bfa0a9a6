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

from db.models.choose import choose_recipe
from db.models.registry import ModelVersion, list_models
from db.recording.recorder import Recorder
from db.runs.stored_scan import judged
from db.store.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Inspection, Traveller, utc_now
from engine.domain.recipe import Recipe
from engine.errors import InputError, LinesideError
from engine.packages.package import ModelPackage, open_package
from engine.recipes.digest import known_as
from engine.recipes.file import without_review
from engine.sources.files.folder import FolderSource
from engine.sources.files.picked import PickedFolder, stamp_of
from engine.station.loop import SCAN, Station
from engine.station.scan_journal import Entry, Journal, Journalled, Journalling, ScanPlan, new_journal, settle
from gui.i18n.language import translate
from gui.pages.scan.rows import ScanRow, row_of

DRAIN_MS = 200
BATCH = 400
"""At most so many results a tick go into the table, so that the window stays fluid."""


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """What to scan and how. `model` "" = the active one; `recipe` "" = the model's own; `threads` 0 = all cores."""

    folder: Path
    recursive: bool = True
    model: str = ""
    recipe: str = ""
    review_band: bool = True
    threads: int = 0
    traveller: Traveller = field(default_factory=Traveller)
    journals: Path = Path()
    """Where journals are kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: pictures done of total, pictures per second, seconds left (None = not known yet)."""

    done: int
    total: int | None
    rate: float
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What loading gives: the warm model, its package, the recipe that will judge, the journal, and what is done."""

    order: ScanOrder
    model: Model
    package: ModelPackage
    recipe: Recipe
    journal: Journal
    done: tuple[ScanRow, ...] = ()
    entries: dict[str, Entry] = field(default_factory=dict)
    anew: str = ""
    """Why a scan that should have gone on starts anew, in words."""


def order_of(found: Journalled, order: ScanOrder) -> ScanOrder:
    """The order a journal was begun with; threads, traveller and place as in `order`."""
    plan = found.plan
    return ScanOrder(
        Path(plan.folder), plan.recursive, plan.model, plan.recipe, plan.review_band, order.threads, order.traveller,
        order.journals,
    )  # fmt: skip


def prepare(db: Database, order: ScanOrder, resume: Journalled | None = None) -> Prepared:
    """Open and load the model, and read what `resume` has done. Blocking, 0.2-3 s. On a thread of its own: it and what
    it starts go behind the line. Raises PackageError, InferenceError, InputError."""
    lower_priority()
    package = open_package(_model(db, order.model).folder)
    recipe = choose_recipe(package, order.recipe)
    recipe = recipe if order.review_band else without_review(recipe)
    plan = ScanPlan(
        str(order.folder), order.recursive, order.model, order.recipe, order.review_band, package.version,
        recipe.digest, f"{package.manifest.name} {package.version} · {recipe.name} {recipe.version}", utc_now(),
    )  # fmt: skip
    known = known_as(recipe)
    anew = changed(resume, plan, known) if resume is not None else ""
    model = load_model(package, threads=order.threads, mode="throughput")
    if resume is None or anew:
        return Prepared(order, model, package, recipe, new_journal(order.journals, plan), anew=anew)
    done, entries, missing = settle(resume, stored_of(db, resume, known))
    journal = Journal(resume.folder, resume.plan)
    journal.append(missing, resume.total)
    rows = (row_of(inspection, order.folder) for inspection in done)
    # What changed meanwhile is judged again; what is gone is no part of the folder any more.
    as_it_was = {path: e for path, e in entries.items() if stamp_of(order.folder / path) == e.stamp}
    return Prepared(order, model, package, recipe, journal, tuple(r for r in rows if r.name in as_it_was), as_it_was)


def stored_of(db: Database, found: Journalled, known: frozenset[str] = frozenset()) -> list[Inspection]:
    """What the database has of a journal's scan; `known`: as what its recipe is known besides. Blocking."""
    plan, ids = found.plan, {entry.id for entry in found.entries.values()}
    uri = FolderSource(Path(plan.folder)).uri
    return judged(db, uri, plan.version, plan.begun_at, digests=known | {plan.digest}, ids=ids)


def changed(found: Journalled, plan: ScanPlan, known: frozenset[str]) -> str:
    """Why a scan must not go on with this model and this recipe, known as that, in words; empty = it may."""
    if found.plan.version != plan.version:
        what = translate("Scan", "The model is another one than before ({before}, now {now}).")
    elif found.plan.digest not in known:
        what = translate("Scan", "The recipe is another one than before ({before}, now {now}).")
    else:
        return ""
    return what.format(before=found.plan.named, now=plan.named)


class ScanRun(QObject):
    """A scan under way. Signals come on the GUI thread, in batches from a timer, never one a picture.

    `results` carries list[ScanRow], `progressed` a Progress, `warned` a Warned, `finished` Stopped or Failed.
    """

    results = Signal(object)
    progressed = Signal(object)
    warned = Signal(object)
    finished = Signal(object)

    def __init__(self, db: Database, prepared: Prepared, parent: QObject | None = None) -> None:
        super().__init__(parent)
        order, recipe = prepared.order, prepared.recipe
        stamps = {path: entry.stamp for path, entry in prepared.entries.items()}
        self._source = PickedFolder(order.folder, recursive=order.recursive, leave_out=stamps)
        self._folder, self._journal = order.folder, prepared.journal
        self._events: deque[ScanRow | events.Warned | events.Stopped | events.Failed] = deque()
        self._before, self._done = len(prepared.done), 0
        self._total: int | None = None
        self._clock = _Clock()
        self._recorder = Recorder(db, group=SCAN.group, tell=self._warn)
        prepared.journal.tell = self._warn
        self._station = Station(
            self._source,
            prepared.model,
            recipe,
            record=Journalling(self._recorder, prepared.journal, self._source),
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

    @property
    def total(self) -> int | None:
        """Pictures in all; None before the folder was listed."""
        return self._total

    def stop(self) -> bool:
        """End the scan; what was judged stays recorded. Blocks until the thread has ended (one picture's time)."""
        ended = self._station.stop(timeout=10.0)
        if ended:
            self._recorder.close()
            self._journal.close()
        return ended

    def ask_stop(self) -> None:
        """End the scan without waiting; `finished` follows."""
        self._station.request_stop()

    # ── on the station's thread ──────────────────────────────────────────────────────────────────────────────────
    def _take(self, event: events.StationEvent) -> None:
        match event:
            case events.Inspected(inspection=inspection):
                self._events.append(row_of(inspection, self._folder))
            case events.Stopped(ended=ended):
                if ended:
                    self._journal.end(self._total or self._source.total or 0)
                self._events.append(event)
            case events.Failed() | events.Warned():
                self._events.append(event)
            case _:
                pass

    def _warn(self, error: LinesideError) -> None:
        self._take(events.Warned(error.message, error.remedy))

    # ── on the GUI thread ────────────────────────────────────────────────────────────────────────────────────────
    def _drain(self) -> None:
        batch: list[ScanRow] = []
        end: events.Stopped | events.Failed | None = None
        while self._events and len(batch) < BATCH:
            came = self._events.popleft()
            if isinstance(came, ScanRow):
                batch.append(came)
            elif isinstance(came, events.Warned):
                self.warned.emit(came)
            else:
                end = came
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
        done = self._before + self._done
        left = max(0, total - done) / rate if total and rate else None
        return Progress(done, total, rate, left)


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


def lower_priority() -> None:
    """Let the line go first: on Linux a nice value belongs to the calling thread and to those it starts later."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _model(db: Database, version: str) -> ModelVersion:
    """The registered model asked for, or the active one."""
    known = list_models(db)
    found = next((m for m in known if (m.version == version if version else m.state == "active")), None)
    if found is None and version:
        raise InputError(
            translate("Scan", "There is no model {version} any more.").format(version=version),
            translate("Scan", "Choose another one."),
        )
    if found is None:
        raise InputError(
            translate("Scan", "There is no active model."), translate("Scan", "Activate one on the Models page.")
        )
    return found
