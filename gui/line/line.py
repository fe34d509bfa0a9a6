"""The live run as the window sees it: load beside, start, pause, stop, swap; never waits on the GUI thread."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from db.runs.gallery import Gallery
from db.runs.line import LineOrder, LineRun, ready_line
from db.runs.origin import recorded_as
from engine import events
from engine.domain.inspection import Origin, Traveller
from engine.errors import EnvironmentFailure, LinesideError
from engine.sources.address import PASSWORD_VARIABLE, masked
from engine.sources.base import FrameSource
from engine.sources.supervisor import Supervisor
from engine.station.alarms import AlarmKind
from engine.station.loop import Station
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.bridge import Bridge
from gui.line.alarms import Alarms
from gui.line.take_over import TakeOver
from gui.line.trigger import Trigger
from gui.notify import notice_of

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
    originChanged = Signal(object)
    """Origin: what the next parts are judged for."""
    imagingChanged = Signal(str, str)
    """What the self-test of the picture says: `fine`, `warn` or `review`, and the words."""

    def __init__(self, context: AppContext, bridge: Bridge, options: LineOrder) -> None:
        super().__init__(context)
        self._context, self._bridge, self.options = context, bridge, options
        self._run: LineRun | None = None
        self._state = STOPPED
        self._uri = ""
        """The source of the run that is on or being made ready."""
        self._again = False
        """Start anew once the run that is being stopped is over."""
        self.origin = recorded_as(options.source, options.origin)
        """What the next parts are judged for."""
        self.imaging = (FINE, "")
        self.alarms = Alarms(context)
        self.trigger = Trigger(context, self)
        self._changes = TakeOver(context, self)
        lot, settings = context.memory("live").get("lot"), context.settings
        kept = lot[:TEXT_LENGTH] if isinstance(lot, str) else ""
        self.traveller = Traveller(kept, operator=settings.operator, station=settings.station)
        """What goes with the next parts; replaced as a whole, so the station's thread reads it without a lock."""
        bridge.drained.connect(self._follow)
        context.operatorChanged.connect(self._operator)

    @property
    def state(self) -> str:
        """Loading, Running, Paused, Stopped, Lost or Failed."""
        return self._state

    @property
    def station(self) -> Station | None:
        """What runs now, if anything does."""
        return self._run.station if self._run is not None and self._run.station.running else None

    @property
    def source(self) -> FrameSource | None:
        """Of the run that is on, or of the last one."""
        return None if self._run is None else self._run.ready.source

    @property
    def gallery(self) -> Gallery | None:
        """What a report shows of the run that is on, or of the last one; None where nobody asked for a report."""
        return None if self._run is None else self._run.gallery

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
        elif self._run is not None and self._state in (RUNNING, PAUSED):
            station = self._run.station
            (station.resume if station.paused else station.pause)()

    def start(self) -> None:
        """Load source, model and recipe on a job, then run. Nothing happens while a run is on."""
        if self._state in LIVE_STATES or self._state == LOADING or _lacks_source(self._context, self.options):
            return
        self._uri = self.options.source
        self._enter(LOADING)
        self._context.jobs.run(self._make_ready, self._begin, self._not_ready)

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
        self._tell_origin()
        if self._state == FAILED:
            self.start()
        elif self._state != STOPPED:
            self._again = True
            self.stop()

    def judge_for(self, origin: Origin) -> None:
        """From the next part on, until the window closes: each start is for production again."""
        self.options = replace(self.options, origin=origin)
        if self._run is not None:
            self._run.judge_for(origin)
        self._tell_origin()

    def use_recipe(self, path: str) -> None:
        """From the next start on this recipe file, remembered; it is the product's from now on."""
        self.options = replace(self.options, recipe=path)
        self._changes.keep(path)

    def change_over(self, path: str, model: str = "", product: str = "") -> None:
        """Judge by this recipe file from the next frame on, and remember it; empty = the model's own limits.

        `model`: the version the recipe was made for, where it is bound to one; it becomes the active one, where it is
        registered. `product`: whose own limits are meant. What cannot be changed over is told and changes nothing.
        """
        if self._state == LOADING:
            self._context.notify("info", translate("Live", "The line is getting ready. Change over when it runs."))
            return
        self._changes.recipe(path, model, product)

    def _tell_origin(self) -> None:
        """Of the run that is on; else of the source that is chosen, whatever the last run was for."""
        runs = self._run if self._state in LIVE_STATES else None
        origin = recorded_as(self.options.source, self.options.origin) if runs is None else runs.origin
        if origin is not self.origin:
            self.origin = origin
            self.originChanged.emit(origin)

    def _operator(self, name: str) -> None:
        self.traveller = replace(self.traveller, operator=name)

    def stop(self) -> None:
        """Ask the run to end; `finished` tells when it did."""
        if self._run is not None:
            self._run.station.request_stop()

    def close(self, timeout: float = 10.0) -> bool:
        """End the run and wait for it; False if it did not end within `timeout` seconds."""
        self._again = False
        if self._run is None:
            return True
        ended = self._run.station.stop(timeout)
        if ended:
            self._run.close()
        return ended

    # ── on a job's thread ────────────────────────────────────────────────────────────────────────────────────────
    def _make_ready(self) -> LineRun:
        if self._run is not None and not self._run.station.stop(CLOSING_S):
            raise EnvironmentFailure(
                translate("Live", "The line before does not end."),
                translate("Live", "Close Lineside and start it again."),
            )
        db, bridge = self._context.db, self._bridge
        ready = ready_line(db, self.options, self._context.settings)
        return LineRun(db, ready, bridge.publish, lambda: self.traveller, bridge.show)

    # ── on the GUI thread ────────────────────────────────────────────────────────────────────────────────────────
    def _begin(self, run: LineRun) -> None:
        self._run = run
        self.options = replace(self.options, product=run.ready.product.name)
        self._context.take_product(run.ready.product)
        self._changes.take_package(run.ready.package, run.ready.recipe)
        self._context.recorder = run.recorder
        run.judge_for(self.options.origin)
        self._tell_origin()
        run.station.start()
        if self._again:
            # Another source was chosen while this one was being made ready.
            run.station.request_stop()

    def _not_ready(self, error: Exception) -> None:
        self._enter(FAILED)
        notice = notice_of(error)
        self._context.notice.emit(notice)
        code = error.exit_code if isinstance(error, LinesideError) else 1
        self._over(events.Failed(notice.message, notice.remedy, code))

    def _follow(self, batch: list[events.StationEvent]) -> None:
        for event in batch:
            match event:
                case events.Resumed():
                    self._enter(RUNNING)
                case events.Started(model=model):
                    self._changes.begun(model)
                    self._runs()
                case events.Recovered():
                    self._runs()
                case events.Paused():
                    self._enter(PAUSED)
                case events.Lost():
                    self._enter(LOST)
                case events.ModelSwapped(model=model):
                    self._changes.swapped(model)
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
                case events.Stopped(reason=reason, remedy=remedy):
                    if reason:
                        self._context.notify("warning", reason, remedy)
                    if self._again:
                        self._state = STOPPED
                    self._enter(STOPPED)
                    self._over(event)
                case _:
                    pass

    def _runs(self) -> None:
        self._enter(PAUSED if self._run is not None and self._run.station.paused else RUNNING)
        self.trigger.ask()

    def _imaging(self, level: str, words: str) -> None:
        self.imaging = (level, words)
        self.imagingChanged.emit(level, words)
        _tell_imaging(self._context, level, words)

    def _over(self, event: events.Stopped | events.Failed) -> None:
        """The run is over, or it never began."""
        if self.imaging[0] != FINE:
            self.imaging = (FINE, "")
            self.imagingChanged.emit(*self.imaging)
        self.trigger.changed.emit("")
        self.finished.emit(event)
        if self._again:
            self._again = False
            self.start()

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.stateChanged.emit(state)


def _lacks_source(context: AppContext, options: LineOrder) -> bool:
    """Whether no source was chosen yet; told where that is so."""
    if not options.source:
        said = translate("Live", "No source is chosen yet.")
        context.notify("info", said, translate("Live", "Choose one on Live or on Camera."))
    return not options.source


def _tell_imaging(context: AppContext, level: str, words: str) -> None:
    """What the self-test of the picture says, in the notice bar."""
    if level == FINE:
        context.notify("info", translate("Live", "The picture is again as the recipe wants it."))
        return
    after = translate("Live", "Parts are still judged.")
    if level == "review":
        after = translate("Live", "Parts go to REVIEW until it is mended.")
    context.notify("warning", f"{words[:1].upper()}{words[1:]}", after)
