"""THE loop: read → infer → decide → record → publish. Started, paused and stopped as any Runner is.

Everything that varies is passed in. Record comes before publish: what the operator sees is stored.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from engine import events
from engine.backends.base import Model
from engine.domain.inspection import Frame, Outcome, Traveller, Verdict, utc_now
from engine.domain.recipe import Recipe
from engine.errors import EndedEarly, LinesideError, SourceEnded
from engine.images.thumbnails import thumbnail
from engine.judging.judge import Judge, not_judged
from engine.judging.many import Asked, Judging
from engine.names import one_line
from engine.sources.base import FrameSource, Paged, Remarking, SourceRemark, in_order
from engine.sources.supervisor import SourceState, Supervisor
from engine.station.announcer import Announcer
from engine.station.drift import Drift, ImagingWatch
from engine.station.in_flight import Part, inspection_of
from engine.station.intake import Intake, Refused
from engine.station.recorder import Recorder
from engine.station.runner import Runner
from engine.station.swap import Succession
from engine.system.mailbox import Mailbox
from engine.verdicts.verdict import drifted

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 0.2

Publish = Callable[[events.StationEvent], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run is paced. Line: one frame at a time. Scan: many in flight, recorded in groups."""

    in_flight: bool = False
    group: int = 1


LINE = Pace()
SCAN = Pace(in_flight=True, group=64)


class Station(Runner):
    """One source, one model, one recipe, one worker thread. Frames made in a pause do not count as skipped."""

    def __init__(
        self,
        source: FrameSource,
        model: Model,
        recipe: Recipe,
        *,
        record: Recorder,
        publish: Publish,
        show: Mailbox[events.Picture] | None = None,
        traveller: Callable[[], Traveller] = Traveller,
        pace: Pace = LINE,
        limit: int | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__("station")
        self.source = Supervisor(source, dict(recipe.camera.settings), self._source_changed)
        """The source, brought back whenever it goes away; its settings may be changed from any thread."""
        self._given = source
        _take_pages(source, recipe)
        self._remarks = source.remarks if isinstance(source, Remarking) else tuple[SourceRemark, ...]
        self._judge, self._judging, self._succession = Judge(model, recipe), Judging(), Succession()
        self._record, self._say = record, Announcer(record.flush, publish, pace.group)
        self._show, self._traveller, self._pace = show, traveller, pace
        self._limit, self._clock = limit, clock
        self._intake = Intake(self.source, clock)
        self._watch, self._drift = ImagingWatch(recipe.imaging, recipe.view), Drift()
        self._started = False
        self._early: EndedEarly | None = None
        self._inspected = self._skipped_in_pause = 0

    # ── from any thread ──────────────────────────────────────────────────────────────────────────────────────────
    def swap_model(self, model: Model, recipe: Recipe) -> None:
        """From the next frame on, this model (station.swap.prove) judges by this recipe; the old one is closed.

        Not for a scan, which one judge sees through from the first picture to the last.
        """
        if self._pace.in_flight:
            raise RuntimeError("a scan keeps its judge")
        self._succession.offer(Judge(model, recipe))

    @property
    def newest(self) -> Frame | None:
        """The last frame that was read; None before the first."""
        return self._intake.newest

    def trigger(self) -> None:
        """Have the camera take a picture now. Raises UnsupportedProperty, SourceLost."""
        self._intake.trigger(int(self.source.settings.get("burst", 1)))

    # ── on the worker thread ─────────────────────────────────────────────────────────────────────────────────────
    def run(self) -> None:
        """The whole run in the calling thread; ends with one Stopped or Failed event, never with an exception."""
        try:
            self.source.open()
            with closing(self._judged()) as judged:
                for part in judged:
                    self._inspect(part)
                    if self._done:
                        break
            self._say.flush()
            ended = self._done or not self._stop.is_set()
            early = self._early if ended else None
            reason, remedy = (early.message, early.remedy) if early is not None else ("", "")
            self._say.now(events.Stopped(self._inspected, self._skipped, ended, reason, remedy))
        except LinesideError as error:
            self._fail(error.message, error.remedy, error.exit_code)
        except Exception as error:
            log.exception("the station stopped on a bug")
            bug = f"{type(error).__name__}: {error}"
            self._fail(f"The station stopped on an internal error ({bug}).", "Start it again and report this.")
        finally:
            self.source.close()
            self._judge.model.close()
            self._succession.close()

    def _source_changed(self, state: SourceState, words: str, retry_s: float) -> None:
        if state is SourceState.BACKOFF:
            self._say.flush()
            self._say.now(events.Lost(words, retry_s))
        elif state is SourceState.STREAMING:
            self._say.now(events.Recovered(self.source.uri) if self._started else self._start_event())
            self._started = True

    def _start_event(self) -> events.Started:
        return events.Started(self.source.uri, self._judge.model.ref)

    def _judged(self) -> Generator[Part, None, None]:
        if not self._pace.in_flight:
            for frame in self._frames():
                judge, traveller = self._judge, self._traveller()
                yield Part(frame, frame.ref, judge, traveller, self._judging.one(judge, frame))
            return
        # One judge from the first to the last.
        judge = self._judge
        for frame, judged in self._judging.in_flight(judge, (Asked(frame, frame) for frame in self._frames())):
            yield Part(frame, frame.ref, judge, self._traveller(), judged)

    def _frames(self) -> Iterator[Frame]:
        """Trustworthy frames in order; the others are recorded as NO VERDICT on the way."""
        while not self._stop.is_set():
            for remark in self._remarks():
                self._say.later(events.Warned(remark.message, remark.remedy))
            self._say.flush_when_due()
            if not self._go.is_set():
                self._pause_here()
                continue
            try:
                for came in self._intake.next(READ_TIMEOUT_S, self._recipe_now):
                    if isinstance(came, Frame):
                        yield came
                    else:
                        self._refuse(came)
                        if self._done:
                            return
            except SourceEnded as error:
                self._early = error if isinstance(error, EndedEarly) else None
                return

    def _recipe_now(self) -> Recipe:
        """By which what is read now is judged: another one takes over before its first frame."""
        if not self._pace.in_flight:
            self._take_swap()
        return self._judge.recipe

    def _inspect(self, part: Part) -> None:
        verdict = part.judged.verdict
        if self.source.live and part.frame is not None:
            self._look_after(part.frame)
            verdict = drifted(verdict, self._drift.words) if self._drift.level == "review" else verdict
        self._keep(part, verdict)
        self._check_takt(part.ref.triggered_at, part.judge.recipe.camera.takt_s)

    def _look_after(self, frame: Frame) -> None:
        """The imaging self-test: what it says of the pictures, this one among them."""
        before, self._drift = self._drift.level, self._watch.take(frame)
        if self._drift.level != before:
            self._say.later(events.ImagingChanged(self._drift.level, self._drift.words))

    def _check_takt(self, triggered_at: datetime | None, takt: float) -> None:
        if triggered_at is None or not takt:
            return
        took = (self._clock() - triggered_at).total_seconds()
        if took > takt:
            self._say.alarm(f"A verdict came {took:.2f} s after its trigger; the takt is {takt:g} s.")

    def _keep(self, part: Part, verdict: Verdict) -> None:
        """Make the inspection, record it, and have it published once it is on disk."""
        frame, prediction = part.frame, part.judged.prediction
        inspection = inspection_of(part, verdict, self._clock())
        self._record(inspection, part.judge.recipe, frame, prediction)
        self._inspected += 1
        shown = None if verdict.outcome is Outcome.OK or self._pace.in_flight else frame
        seen = inspection.frame
        small = None if shown is None else thumbnail(shown.pixels, seen.bits, seen.bayer)
        told = self._say.inspected(events.Inspected(inspection, small, self._skipped))
        if told and self._show is not None and frame is not None:
            heat, box = (prediction.heat, prediction.heat_box) if prediction else (None, None)
            self._show.put(events.Picture(frame, heat, inspection, box))

    def _refuse(self, refused: Refused) -> None:
        """What must not be judged gets NO VERDICT and a row of its own."""
        judged = not_judged(refused.reason)
        self._keep(Part(refused.frame, refused.ref, self._judge, self._traveller(), judged), judged.verdict)
        if refused.unreadable:
            self._say.later(events.PictureSkipped(refused.ref.name, refused.reason))
        if refused.alarm:
            self._say.alarm(refused.alarm)

    def _pause_here(self) -> None:
        self._say.flush()
        before = self.source.skipped
        self._say.now(events.Paused())
        flows = self.source.live
        while not self._go.wait(0.0 if flows else READ_TIMEOUT_S) and not self._stop.is_set():
            flows = flows and self._intake.drain(READ_TIMEOUT_S)
        self._skipped_in_pause += self.source.skipped - before
        if not self._stop.is_set():
            self._say.now(events.Resumed())

    def _take_swap(self) -> None:
        judge = self._succession.take()
        if judge is None:
            return
        before, self._judge = self._judge, judge
        self._say.now(events.ModelSwapped(judge.model.ref))
        self._succession.retire(before.model)
        self._change_over(before.recipe, judge.recipe)

    def _change_over(self, before: Recipe, recipe: Recipe) -> None:
        """Another recipe: its golden picture and its camera settings, which a camera that goes away over them has once
        it is back. Raises UnsupportedProperty for a refused one."""
        if recipe.imaging is not before.imaging or recipe.view != before.view:
            self._watch = ImagingWatch(recipe.imaging, recipe.view)
        _take_pages(self._given, recipe)
        known = self.source.settings
        for name, value in in_order(dict(recipe.camera.settings)).items():
            if known.get(name) != value:
                self.source.set(name, value)

    @property
    def _done(self) -> bool:
        return self._limit is not None and self._inspected >= self._limit

    @property
    def _skipped(self) -> int:
        return max(0, self.source.skipped - self._skipped_in_pause)

    def _fail(self, message: str, remedy: str, exit_code: int = 1) -> None:
        """The end is published whatever it was: whoever waits for it would wait for ever."""
        try:
            self._say.flush()
        except LinesideError as error:
            log.error("what waited could not be kept: %s", error)
        except Exception:
            log.exception("what waited could not be kept")
        self._say.now(events.Failed(one_line(message), one_line(remedy), exit_code))


def _take_pages(source: FrameSource, recipe: Recipe) -> None:
    if isinstance(source, Paged):
        source.pages = recipe.pages
