"""The live run as the window sees it: load beside, start, pause, stop, swap; never waits on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from db.models.choose import choose_package, choose_recipe
from db.models.registry import withdraw
from db.recording.recorder import Recorder
from db.runs.gallery import Gallery
from engine import events
from engine.domain.inspection import ModelRef, Traveller
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import EnvironmentFailure, LinesideError
from engine.packages.package import ModelPackage
from engine.recipes.file import with_saving
from engine.sources.address import PASSWORD_VARIABLE, masked
from engine.sources.base import FrameSource
from engine.sources.supervisor import Supervisor
from engine.station.alarms import AlarmKind
from engine.station.loop import Station
from engine.station.swap import load_proved
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.bridge import Bridge
from gui.line.alarms import Alarms
from gui.line.parts import LoadModel, OpenSource, Parts, Ready, RunOptions, load_on_cpu
from gui.notify import notice_of

__all__ = ["FAILED", "LOADING", "LOST", "STOPPED", "Line", "LoadModel", "OpenSource", "RunOptions", "load_on_cpu"]

LOADING, RUNNING, PAUSED, STOPPED, LOST, FAILED = "Loading", "Running", "Paused", "Stopped", "Lost", "Failed"
LIVE_STATES = frozenset({RUNNING, PAUSED, LOST})
FINE = "fine"
CLOSING_S = 10.0
TEXT_LENGTH = 100


class Line(QObject):
    """Owns the station. Its state is one of Loading, Running, Paused, Stopped, Lost, Failed."""

    stateChanged = Signal(str)
    finished = Signal(object)
    """events.Stopped or events.Failed: the run is over."""
    triggerChanged = Signal(str)
    """How the camera is triggered now: `off`, `software`, `hardware`; empty = it cannot be, or there is none."""
    imagingChanged = Signal(str, str)
    """What the self-test of the picture says: `fine`, `warn` or `review`, and the words."""

    def __init__(self, context: AppContext, bridge: Bridge, options: RunOptions) -> None:
        super().__init__(context)
        self._context, self._bridge, self.options = context, bridge, options
        self._station: Station | None = None
        self._state = STOPPED
        self._uri = ""
        """The source of the run that is on or being made ready."""
        self._again = False
        """Start anew once the run that is being stopped is over."""
        self.imaging = (FINE, "")
        self.alarms = Alarms(context)
        self._judge = ModelRef("", "")
        lot, settings = context.memory("live").get("lot"), context.settings
        kept = lot[:TEXT_LENGTH] if isinstance(lot, str) else ""
        self.traveller = Traveller(kept, operator=settings.operator, station=settings.station)
        """What goes with the next parts; replaced as a whole, so the station's thread reads it without a lock."""
        self.source: FrameSource | None = None
        self.gallery: Gallery | None = None
        bridge.drained.connect(self._follow)
        context.modelActivated.connect(self._use)
        context.operatorChanged.connect(self._operator)

    @property
    def state(self) -> str:
        """Loading, Running, Paused, Stopped, Lost or Failed."""
        return self._state

    @property
    def station(self) -> Station | None:
        """What runs now, if anything does."""
        return self._station if self._station is not None and self._station.running else None

    @property
    def camera(self) -> Supervisor | None:
        """The source of the run that is on. Its settings take up to seconds: ask for them on a job."""
        return None if self.station is None else self.station.source

    @property
    def switching(self) -> bool:
        """True while a run ends so that the next can begin on another source."""
        return self._again

    def reads(self, uri: str) -> bool:
        """Whether the run that is on, that is being made ready or comes next, has this source open."""
        if self._state not in LIVE_STATES and self._state != LOADING:
            return False
        mine = {self._uri} | ({self.options.source} if self._again else set())
        return uri in mine or (self.source is not None and uri == self.source.uri)

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
        self._uri = self.options.source
        self._enter(LOADING)
        self._context.jobs.run(self._make_ready, self._run, self._not_ready)

    def use(self, uri: str) -> None:
        """From now on this source, remembered for the next start; a run that is on ends and another one begins."""
        shown = self._context.settings.source = masked(uri)
        if shown != uri:
            self._context.notify(
                "info",
                translate("Live", "The password of {source} is not stored.").format(source=shown),
                translate("Live", "Put it into {variable} for the next start.").format(variable=PASSWORD_VARIABLE),
            )
        if uri == self._uri and self._state in LIVE_STATES and not self._again:
            return
        self.options = replace(self.options, source=uri)
        if self._state == FAILED:
            self.start()
        elif self._state != STOPPED:
            self._again = True
            self.stop()

    def use_recipe(self, path: str) -> None:
        """From the next start on this recipe file, remembered."""
        self._context.settings.recipe = path
        self._context.keep_settings()
        self.options = replace(self.options, recipe=path)

    def change_over(self, path: str, model: str = "") -> None:
        """Judge by this recipe file from the next frame on, and remember it; empty = the model's own limits.

        `model`: the version the recipe was made for, where it is bound to one; it judges then too, where it is
        registered. What cannot be changed over is told and changes nothing.
        """
        if self._state == LOADING:
            self._context.notify("info", translate("Live", "The line is getting ready. Change over when it runs."))
            return
        self._prepare(model, path, self._not_changed)

    def _operator(self, name: str) -> None:
        self.traveller = replace(self.traveller, operator=name)

    def trigger(self) -> None:
        """Have the camera take a picture, on a job."""
        if self.station is None:
            self._context.notify(
                "info", translate("Live", "The line does not run."), translate("Live", "Start it first.")
            )
        else:
            self._context.jobs.run(self.station.trigger, lambda _none: None)

    def ask_trigger(self) -> None:
        """Find out how the camera is triggered now; `triggerChanged` follows."""
        camera = self.camera
        if camera is None:
            self.triggerChanged.emit("")
        else:
            self._context.jobs.run(lambda: _trigger_of(camera), self.triggerChanged.emit)

    def stop(self) -> None:
        """Ask the run to end; `finished` tells when it did."""
        if self._station is not None:
            self._station.request_stop()

    def close(self, timeout: float = 10.0) -> bool:
        """End the run and wait for it; False if it did not end within `timeout` seconds."""
        station, self._station, self._again = self._station, None, False
        ended = station is None or station.stop(timeout)
        if ended and self._context.recorder is not None:
            self._context.recorder.close()
        return ended

    # ── on a job's thread ────────────────────────────────────────────────────────────────────────────────────────
    def _make_ready(self) -> Parts:
        if self._station is not None and not self._station.stop(CLOSING_S):
            raise EnvironmentFailure(
                translate("Live", "The line before does not end."),
                translate("Live", "Close Lineside and start it again."),
            )
        package = choose_package(self._context.db, self.options.model)
        recipe = self._recipe(package, self.options.recipe)
        source = self.options.open(self.options.source)
        model = self.options.load(package, self._context.settings.threads)
        recorder = Recorder(self._context.db, tell=self._warn, audit_every=self._context.settings.audit_every)
        return Parts(source, package, recipe, model, recorder)

    def _warn(self, error: LinesideError) -> None:
        """From the recorder's thread."""
        self._bridge.publish(events.Warned(error.message, error.remedy))

    def _recipe(self, package: ModelPackage, path: str) -> Recipe:
        recipe = choose_recipe(package, path)
        every_ok = self._context.settings.save_every_ok
        if not path and every_ok:
            recipe = with_saving(recipe, SavingPolicy(True, every_ok))
        return recipe

    # ── on the GUI thread ────────────────────────────────────────────────────────────────────────────────────────
    def _run(self, parts: Parts) -> None:
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
        if self._again:
            # Another source was chosen while this one was being made ready.
            self._station.request_stop()

    def _not_ready(self, error: Exception) -> None:
        self._enter(FAILED)
        notice = notice_of(error)
        self._context.notice.emit(notice)
        code = error.exit_code if isinstance(error, LinesideError) else 1
        self._over(events.Failed(notice.message, notice.remedy, code))

    def _use(self, version: str) -> None:
        """An activated version: load it beside the running one, then swap between two frames."""
        self._prepare(version, self.options.recipe, self._not_swapped, withdrawn=True)

    def _prepare(
        self, version: str, path: str, failed: Callable[[Exception], None], *, withdrawn: bool = False
    ) -> None:
        """Load model and recipe beside those in force; then `_swap`. `withdrawn`: a model that fails is not active."""
        running, load, threads = self._state in LIVE_STATES, self.options.load, self._context.settings.threads
        station, wanted, db = self._station, version or self.options.model, self._context.db

        def work() -> Ready:
            package = choose_package(db, wanted)
            recipe = self._recipe(package, path)
            if not running or station is None:
                return Ready(package, recipe, None, path)
            try:
                model = load_proved(lambda: load(package, threads), recipe, station.newest)
                return Ready(package, recipe, model, path)
            except LinesideError as error:
                if withdrawn:
                    withdraw(db, package.version, self._context.operator, f"not proved: {error.message}")
                raise

        self._context.jobs.run(work, self._swap, failed)

    def _not_swapped(self, error: Exception) -> None:
        notice = notice_of(error)
        before = ""
        if self._state in LIVE_STATES:
            before = translate("Live", "The model before it goes on judging and is the active one.")
        self._context.packageChanged.emit()
        self._context.notify(notice.kind, notice.message, f"{before} {notice.remedy}".strip())

    def _not_changed(self, error: Exception) -> None:
        notice = notice_of(error)
        stays = translate("Live", "The recipe was not changed.")
        self._context.notify(notice.kind, f"{stays} {notice.message}", notice.remedy)

    def _swap(self, ready: Ready) -> None:
        package, recipe, model = ready.package, ready.recipe, ready.model
        changed = ready.path != self.options.recipe
        self.options = replace(self.options, model=package.version)
        if changed:
            self.use_recipe(ready.path)
        self._take_package(package, recipe)
        if changed:
            self._tell_recipe(recipe, at_once=model is not None)
        if model is None:
            return
        if self._station is None or not self._station.running:
            model.close()
            return
        self._station.swap_model(model, recipe)

    def _tell_recipe(self, recipe: Recipe, *, at_once: bool) -> None:
        said = translate("Live", "Recipe {name} {version} is in force from the next start on.")
        if at_once:
            said = translate("Live", "Recipe {name} {version} is in force from the next part on.")
        self._context.notify("info", said.format(name=recipe.name, version=recipe.version))

    def _take_package(self, package: ModelPackage, recipe: Recipe) -> None:
        self._context.package, self._context.recipe = package, recipe
        self._context.packageChanged.emit()

    def _follow(self, batch: list[events.StationEvent]) -> None:
        for event in batch:
            if self.gallery is not None:
                self.gallery.take(event)
            match event:
                case events.Resumed():
                    self._enter(RUNNING)
                case events.Started(model=model):
                    self._judge = model
                    self._runs()
                case events.Recovered():
                    self._runs()
                case events.Paused():
                    self._enter(PAUSED)
                case events.Lost():
                    self._enter(LOST)
                case events.ModelSwapped(model=model):
                    self._swapped(model)
                case events.Warned(message=message, remedy=remedy):
                    self._context.notify("warning", message, remedy)
                case events.Failed(message=message, remedy=remedy):
                    stored = translate("Live", "Everything judged so far is stored.")
                    self._context.notify("error", message, f"{remedy} {stored}".strip())
                    self._enter(FAILED)
                    self._over(event)
                case events.Alarmed(message=message, remedy=remedy):
                    self.alarms.call(AlarmKind.TRIGGER, message, self.traveller.lot)
                    self._context.notify("error", message, remedy)
                case events.ImagingChanged(level=level, words=words):
                    self._imaging(level, words)
                case events.Stopped():
                    if self._again:
                        self._state = STOPPED
                    self._enter(STOPPED)
                    self._over(event)
                case _:
                    pass

    def _runs(self) -> None:
        self._enter(PAUSED if self._station is not None and self._station.paused else RUNNING)
        self.ask_trigger()

    def _swapped(self, model: ModelRef) -> None:
        """Another model judges; of a change-over with the same one the recipe was told already."""
        if model != self._judge:
            self._judge = model
            said = translate("Live", "Model {name} {version} judges from now on.")
            self._context.notify("info", said.format(name=model.name, version=model.version))

    def _imaging(self, level: str, words: str) -> None:
        self.imaging = (level, words)
        self.imagingChanged.emit(level, words)
        if level == FINE:
            self._context.notify("info", translate("Live", "The picture is again as the recipe wants it."))
        else:
            after = translate("Live", "Parts are still judged.")
            if level == "review":
                after = translate("Live", "Parts go to REVIEW until it is mended.")
            self._context.notify("warning", f"{words[:1].upper()}{words[1:]}", after)

    def _over(self, event: events.Stopped | events.Failed) -> None:
        """The run is over, or it never began."""
        if self.imaging[0] != FINE:
            self.imaging = (FINE, "")
            self.imagingChanged.emit(*self.imaging)
        self.triggerChanged.emit("")
        self.finished.emit(event)
        if self._again:
            self._again = False
            self.start()

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.stateChanged.emit(state)


def _trigger_of(camera: Supervisor) -> str:
    try:
        return str(camera.get("trigger"))
    except LinesideError:
        return ""
