"""THE loop: read → infer → decide → record → publish; start, pause, stop, swap_model.

Everything that varies is passed in. Record comes before publish: what the operator sees is stored.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from types import TracebackType

from engine import events
from engine.backends.base import Model
from engine.domain.inspection import Frame, Outcome, Pixels, Traveller, Verdict, utc_now
from engine.domain.recipe import Recipe, View
from engine.errors import InferenceError, LinesideError, SourceEnded
from engine.images.thumbnails import thumbnail
from engine.sources.base import FrameSource, in_order
from engine.sources.supervisor import SourceState, Supervisor
from engine.station.drift import Drift, ImagingWatch
from engine.station.in_flight import Judge, Part, inspection_of
from engine.station.intake import Intake, Refused
from engine.station.recorder import Recorder
from engine.system.mailbox import Mailbox
from engine.verdicts.verdict import decide, drifted, no_verdict

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 0.2
FLUSH_AFTER_S = 0.25
ALARM_EVERY_S = 1.0
MAX_FAILED_IN_A_ROW = 20

Publish = Callable[[events.StationEvent], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run is paced. Line: one frame at a time. Scan: many in flight, recorded in groups."""

    in_flight: bool = False
    group: int = 1


LINE = Pace()
SCAN = Pace(in_flight=True, group=64)


class Station:
    """One source, one model, one recipe, one worker thread. Use `run` in place, or `start`/`stop` around a thread."""

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
        self.source = Supervisor(source, dict(recipe.camera.settings), self._source_changed)
        """The source, brought back whenever it goes away; its settings may be changed from any thread."""
        self._judge = Judge(model, recipe)
        self._record, self._publish, self._show = record, publish, show
        self._traveller, self._pace, self._limit, self._clock = traveller, pace, limit, clock
        self._stop, self._go = threading.Event(), threading.Event()
        self._go.set()
        self._thread: threading.Thread | None = None
        self._swap: Judge | None = None
        self._swap_lock = threading.Lock()
        self._waiting: list[events.StationEvent] = []
        self._last_flush = 0.0
        self._retired: threading.Thread | None = None
        self._intake = Intake(self.source, clock)
        self._watch, self._drift = ImagingWatch(recipe.imaging, recipe.view), Drift()
        self._started = False
        self._alarmed = ("", 0.0)
        self._inspected = self._failed_in_a_row = self._skipped_in_pause = 0

    # ── from any thread ──────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Run on a worker thread of its own."""
        if self._thread is not None:
            raise RuntimeError("a station starts once")
        self._thread = threading.Thread(target=self.run, name="station", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Inspect nothing until `resume`; frames made meanwhile do not count as skipped."""
        self._go.clear()

    def resume(self) -> None:
        """Go on."""
        self._go.set()

    def request_stop(self) -> None:
        """Have the loop end after the frame in hand; returns at once. For signal handlers."""
        self._stop.set()
        self._go.set()

    def stop(self, timeout: float = 10.0) -> bool:
        """The one public stop: returns when the loop has ended, False if it did not within `timeout` seconds."""
        self.request_stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def swap_model(self, model: Model, recipe: Recipe) -> None:
        """From the next frame on, this model (station.swap.prove) judges by this recipe; the old one is closed."""
        with self._swap_lock:
            if self._swap is not None:
                self._swap.model.close()
            self._swap = Judge(model, recipe)

    @property
    def newest(self) -> Frame | None:
        """The last frame that was read; None before the first."""
        return self._intake.newest

    def trigger(self) -> None:
        """Have the camera take a picture now. Raises UnsupportedProperty, SourceLost."""
        self._intake.trigger(int(self.source.settings.get("burst", 1)))

    @property
    def paused(self) -> bool:
        """True between `pause` and `resume`."""
        return not self._go.is_set()

    @property
    def running(self) -> bool:
        """True while the worker thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def __enter__(self) -> Station:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # ── on the worker thread ─────────────────────────────────────────────────────────────────────────────────────
    def run(self) -> None:
        """The whole run in the calling thread; ends with one Stopped or Failed event, never with an exception."""
        ended = False
        try:
            self.source.open()
            with closing(self._judged()) as judged:
                for part in judged:
                    self._inspect(part)
                    ended = self._done
                    if ended:
                        break
                else:
                    ended = not self._stop.is_set()
            self._flush()
            self._publish(events.Stopped(self._inspected, self._skipped, ended))
        except LinesideError as error:
            self._fail(error.message, error.remedy, error.exit_code)
        except Exception as error:
            log.exception("the station stopped on a bug")
            bug = f"{type(error).__name__}: {error}"
            self._fail(f"The station stopped on an internal error ({bug}).", "Start it again and report this.")
        finally:
            self.source.close()
            self._judge.model.close()
            if self._retired is not None:
                self._retired.join()
            with self._swap_lock:
                if self._swap is not None:
                    self._swap.model.close()

    def _source_changed(self, state: SourceState, words: str, retry_s: float) -> None:
        if state is SourceState.BACKOFF:
            self._flush()
            self._publish(events.Lost(words, retry_s))
        elif state is SourceState.STREAMING:
            self._publish(events.Recovered(self.source.uri) if self._started else self._start_event())
            self._started = True

    def _start_event(self) -> events.Started:
        return events.Started(self.source.uri, self._judge.model.ref)

    def _judged(self) -> Generator[Part, None, None]:
        if not self._pace.in_flight:
            for frame in self._frames():
                yield self._run_model(frame, self._judge)
            return
        # One judge from the first to the last, and one stream for each way to read the pixels.
        judge = self._judge
        for view, alike in groupby(self._frames(), judge.view_of):
            yield from self._judged_in_flight(judge, view, alike)

    def _judged_in_flight(self, judge: Judge, view: View, frames: Iterator[Frame]) -> Generator[Part, None, None]:
        flying: deque[Frame] = deque()

        def pixels() -> Iterator[Pixels]:
            for frame in frames:
                flying.append(frame)
                yield frame.pixels

        whole = False
        while not whole:
            try:
                for prediction in judge.model.stream(pixels(), view):
                    frame = flying.popleft()
                    yield Part(frame, frame.ref, judge, self._traveller(), prediction)
                whole = True
            except InferenceError as error:
                log.warning("the stream of pictures broke: %s", error)
            # Which of those in flight broke it the stream cannot tell: each is judged alone.
            while flying:
                yield self._run_model(flying.popleft(), judge)

    def _frames(self) -> Iterator[Frame]:
        """Trustworthy frames in order; the others are recorded as NO VERDICT on the way."""
        while not self._stop.is_set():
            self._flush_when_due()
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
            except SourceEnded:
                return

    def _recipe_now(self) -> Recipe:
        """By which what is read now is judged: another one takes over before its first frame."""
        if not self._pace.in_flight:
            self._take_swap()
        return self._judge.recipe

    def _run_model(self, frame: Frame, judge: Judge) -> Part:
        part = Part(frame, frame.ref, judge, self._traveller())
        try:
            prediction = judge.model.run(frame.pixels, judge.view_of(frame))
        except InferenceError as error:
            log.error("inference failed: %s", error)
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= MAX_FAILED_IN_A_ROW:
                raise
            return replace(part, failure=error.message)
        self._failed_in_a_row = 0
        return replace(part, prediction=prediction)

    def _inspect(self, part: Part) -> None:
        recipe = part.judge.recipe
        verdict = decide(part.prediction, recipe) if part.prediction else no_verdict(part.failure)
        if self.source.live and part.frame is not None:
            self._look_after(part.frame)
            verdict = drifted(verdict, self._drift.words) if self._drift.level == "review" else verdict
        self._keep(part, verdict)
        self._check_takt(part.ref.triggered_at, recipe.camera.takt_s)

    def _look_after(self, frame: Frame) -> None:
        """The imaging self-test: what it says of the pictures, this one among them."""
        before, self._drift = self._drift.level, self._watch.take(frame)
        if self._drift.level != before:
            self._waiting.append(events.ImagingChanged(self._drift.level, self._drift.words))

    def _check_takt(self, triggered_at: datetime | None, takt: float) -> None:
        if triggered_at is None or not takt:
            return
        took = (self._clock() - triggered_at).total_seconds()
        if took > takt:
            self._alarm(f"A verdict came {took:.2f} s after its trigger; the takt is {takt:g} s.")

    def _keep(self, part: Part, verdict: Verdict) -> None:
        """Make the inspection, record it, and have it published once it is on disk."""
        frame, prediction = part.frame, part.prediction
        inspection = inspection_of(part, verdict, self._clock())
        self._record(inspection, part.judge.recipe, frame, prediction)
        self._inspected += 1
        shown = frame is not None and verdict.outcome is not Outcome.OK and not self._pace.in_flight
        seen = inspection.frame
        small = thumbnail(frame.pixels, seen.bits, seen.bayer) if shown and frame is not None else None
        self._waiting.append(events.Inspected(inspection, small, self._skipped))
        if len(self._waiting) >= self._pace.group:
            self._flush()
        if self._show is not None and frame is not None and not self._waiting:
            heat, box = (prediction.heat, prediction.heat_box) if prediction else (None, None)
            self._show.put(events.Picture(frame, heat, inspection, box))

    def _refuse(self, refused: Refused) -> None:
        """What must not be judged gets NO VERDICT and a row of its own."""
        part = Part(refused.frame, refused.ref, self._judge, self._traveller())
        self._keep(part, no_verdict(refused.reason))
        if refused.unreadable:
            self._waiting.append(events.PictureSkipped(refused.ref.name, refused.reason))
        if refused.alarm:
            self._alarm(refused.alarm)

    def _alarm(self, message: str) -> None:
        """Raise it, but the same one not more than once a second."""
        last, at = self._alarmed
        now = time.monotonic()
        if message != last or now - at > ALARM_EVERY_S:
            self._alarmed = (message, now)
            self._waiting.append(events.Alarmed(message, "Look at the trigger, the camera and the lighting."))

    def _flush(self) -> None:
        self._last_flush = time.monotonic()
        if not self._waiting:
            return
        self._record.flush()
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._publish(event)

    def _flush_when_due(self) -> None:
        if self._waiting and time.monotonic() - self._last_flush > FLUSH_AFTER_S:
            self._flush()

    def _pause_here(self) -> None:
        self._flush()
        before = self.source.skipped
        self._publish(events.Paused())
        flows = self.source.live
        while not self._go.wait(0.0 if flows else READ_TIMEOUT_S) and not self._stop.is_set():
            flows = flows and self._intake.drain(READ_TIMEOUT_S)
        self._skipped_in_pause += self.source.skipped - before
        if not self._stop.is_set():
            self._publish(events.Resumed())

    def _take_swap(self) -> None:
        with self._swap_lock:
            swap, self._swap = self._swap, None
        if swap is None:
            return
        before, self._judge = self._judge, swap
        self._publish(events.ModelSwapped(swap.model.ref))
        if self._retired is not None:
            self._retired.join()
        # Giving back a large model takes longer than a frame.
        self._retired = threading.Thread(target=before.model.close, name="retired-model", daemon=True)
        self._retired.start()
        self._change_over(before.recipe, swap.recipe)

    def _change_over(self, before: Recipe, recipe: Recipe) -> None:
        """Another recipe: its camera settings and its golden picture. Raises UnsupportedProperty for a refused one."""
        if recipe.imaging is not before.imaging or recipe.view != before.view:
            self._watch = ImagingWatch(recipe.imaging, recipe.view)
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
        try:
            self._flush()
        except LinesideError as error:
            log.error("what waited could not be kept: %s", error)
        self._publish(events.Failed(message, remedy, exit_code))
