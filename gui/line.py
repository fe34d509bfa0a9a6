"""The live run as the window sees it: load beside, start, pause, stop, swap; never waits on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from db.choose import choose_package, choose_recipe
from db.commands.gallery import Gallery
from db.jobs import Recorder
from db.registry import withdraw
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain import Traveller
from engine.errors import LinesideError
from engine.package import ModelPackage
from engine.product import Recipe, SavingPolicy
from engine.recipe import with_saving
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source
from engine.station import Station
from engine.swap import load_proved
from gui.bridge import Bridge
from gui.context import AppContext
from gui.notify import notice_of

LoadModel = Callable[[ModelPackage, int], Model]
OpenSource = Callable[[str], FrameSource]

LOADING, RUNNING, PAUSED, STOPPED, LOST, FAILED = "Loading", "Running", "Paused", "Stopped", "Lost", "Failed"
LIVE_STATES = frozenset({RUNNING, PAUSED, LOST})


def load_on_cpu(package: ModelPackage, threads: int) -> Model:
    """The station's backend, lowest latency."""
    return load_model(package, threads=threads)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a live run is made of. Empty strings: the active model, its own limits."""

    source: str
    model: str = ""
    recipe: str = ""
    frames: int | None = None
    gallery: bool = False
    """Keep small pictures of the defects for a report."""
    load: LoadModel = field(default=load_on_cpu, repr=False)
    open: OpenSource = field(default=open_source, repr=False)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a job made ready for a run."""

    source: FrameSource
    package: ModelPackage
    recipe: Recipe
    model: Model
    recorder: Recorder


class Line(QObject):
    """Owns the station. Its state is one of Loading, Running, Paused, Stopped, Lost, Failed."""

    stateChanged = Signal(str)
    finished = Signal(object)
    """events.Stopped or events.Failed: the run is over."""

    def __init__(self, context: AppContext, bridge: Bridge, options: RunOptions) -> None:
        super().__init__(context)
        self._context, self._bridge, self.options = context, bridge, options
        self._station: Station | None = None
        self._state = STOPPED
        self.traveller = Traveller(operator=context.settings.operator, station=context.settings.station)
        """What goes with the next parts; replaced as a whole, so the station's thread reads it without a lock."""
        self.source: FrameSource | None = None
        self.gallery: Gallery | None = None
        bridge.drained.connect(self._follow)
        context.modelActivated.connect(self._use)

    @property
    def state(self) -> str:
        """Loading, Running, Paused, Stopped, Lost or Failed."""
        return self._state

    def toggle(self) -> None:
        """What Space does: start, pause, go on."""
        if self._state in (STOPPED, FAILED):
            self.start()
        elif self._station is not None and self._state in (RUNNING, PAUSED):
            if self._station.paused:
                self._station.resume()
            else:
                self._station.pause()

    def start(self) -> None:
        """Load source, model and recipe on a job, then run. Nothing happens while a run is on."""
        if self._state in LIVE_STATES or self._state == LOADING:
            return
        self._enter(LOADING)
        self._context.jobs.run(self._make_ready, self._run, self._not_ready)

    def stop(self) -> None:
        """Ask the run to end; `finished` tells when it did."""
        if self._station is not None:
            self._station.request_stop()

    def close(self, timeout: float = 10.0) -> bool:
        """End the run and wait for it; False if it did not end within `timeout` seconds."""
        station, self._station = self._station, None
        ended = station is None or station.stop(timeout)
        if ended and self._context.recorder is not None:
            self._context.recorder.close()
        return ended

    # ── on a job's thread ────────────────────────────────────────────────────────────────────────────────────────
    def _make_ready(self) -> _Parts:
        package = choose_package(self._context.db, self.options.model)
        recipe = self._recipe(package)
        source = self.options.open(self.options.source)
        model = self.options.load(package, self._context.settings.threads)
        recorder = Recorder(self._context.db, recipe.saving, threshold=recipe.limits.ng_at, tell=self._warn)
        return _Parts(source, package, recipe, model, recorder)

    def _warn(self, error: LinesideError) -> None:
        """From the recorder's thread."""
        self._bridge.publish(events.Warned(error.message, error.remedy))

    def _recipe(self, package: ModelPackage) -> Recipe:
        recipe = choose_recipe(package, self.options.recipe)
        every_ok = self._context.settings.save_every_ok
        if not self.options.recipe and every_ok:
            recipe = with_saving(recipe, SavingPolicy(True, every_ok))
        return recipe

    # ── on the GUI thread ────────────────────────────────────────────────────────────────────────────────────────
    def _run(self, parts: _Parts) -> None:
        recorder = parts.recorder
        self.gallery = Gallery(recorder) if self.options.gallery else None
        self.source = parts.source
        self._take_package(parts.package, parts.recipe)
        self._context.recorder = recorder
        self._station = Station(
            parts.source,
            parts.model,
            parts.recipe,
            record=self.gallery or recorder,
            publish=self._bridge.publish,
            show=self._bridge.show,
            traveller=lambda: self.traveller,
            limit=self.options.frames,
        )
        self._station.start()

    def _not_ready(self, error: Exception) -> None:
        self._enter(FAILED)
        notice = notice_of(error)
        self._context.notice.emit(notice)
        code = error.exit_code if isinstance(error, LinesideError) else 1
        self.finished.emit(events.Failed(notice.message, notice.remedy, code))

    def _use(self, version: str) -> None:
        """Load the version beside the running one, then swap between two frames."""
        running, load, threads = self._state in LIVE_STATES, self.options.load, self._context.settings.threads
        station = self._station

        def work() -> tuple[ModelPackage, Recipe, Model | None]:
            package = choose_package(self._context.db, version)
            recipe = self._recipe(package)
            if not running or station is None:
                return package, recipe, None
            try:
                return package, recipe, load_proved(lambda: load(package, threads), recipe, station.newest)
            except LinesideError as error:
                withdraw(self._context.db, package.version, self._context.operator, f"not proved: {error.message}")
                raise

        self._context.jobs.run(work, self._swap, self._not_swapped)

    def _not_swapped(self, error: Exception) -> None:
        notice = notice_of(error)
        before = "The model before it goes on judging and is the active one." if self._state in LIVE_STATES else ""
        self._context.packageChanged.emit()
        self._context.notify(notice.kind, notice.message, f"{before} {notice.remedy}".strip())

    def _swap(self, ready: tuple[ModelPackage, Recipe, Model | None]) -> None:
        package, recipe, model = ready
        self.options = replace(self.options, model=package.version)
        self._take_package(package, recipe)
        if model is None:
            return
        if self._station is None or not self._station.running:
            model.close()
            return
        if self._context.recorder is not None:
            self._context.recorder.policy, self._context.recorder.threshold = recipe.saving, recipe.limits.ng_at
        self._station.swap_model(model, recipe)

    def _take_package(self, package: ModelPackage, recipe: Recipe) -> None:
        self._context.package, self._context.recipe = package, recipe
        self._context.packageChanged.emit()

    def _follow(self, batch: list[events.StationEvent]) -> None:
        for event in batch:
            if self.gallery is not None:
                self.gallery.take(event)
            match event:
                case events.Started() | events.Resumed() | events.Recovered():
                    self._enter(RUNNING)
                case events.Paused():
                    self._enter(PAUSED)
                case events.Lost():
                    self._enter(LOST)
                case events.ModelSwapped(model=model):
                    self._context.notify("info", f"Model {model.name} {model.version} judges from now on.")
                case events.Warned(message=message, remedy=remedy):
                    self._context.notify("warning", message, remedy)
                case events.Failed(message=message, remedy=remedy):
                    self._context.notify("error", message, f"{remedy} Everything judged so far is stored.".strip())
                    self._enter(FAILED)
                    self.finished.emit(event)
                case events.Stopped():
                    self._enter(STOPPED)
                    self.finished.emit(event)
                case _:
                    pass

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.stateChanged.emit(state)
