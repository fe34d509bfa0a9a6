"""From the source to the loop: frames worth judging, and everything else with the reason why it must not be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from engine.domain.inspection import Frame, FrameRef, utc_now
from engine.domain.recipe import Recipe
from engine.errors import FrameIncomplete, FrameTimeout, PictureError, SourceEnded, SourceLost
from engine.sources.supervisor import Supervisor
from engine.station.freshness import Freshness
from engine.station.triggers import TriggerLog
from engine.verdicts.verdict import unusable

MAX_GAP = 100
"""More missing frames in a row than this are told as one."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No verdict for this one, and why."""

    ref: FrameRef
    reason: str
    frame: Frame | None = None
    unreadable: bool = False
    """A file that is no picture."""
    alarm: str = ""
    """What somebody must be told at once."""


class Intake:
    """Reads one supervised source; knows the last frames and the triggers that wait for one."""

    def __init__(self, source: Supervisor, clock: Callable[[], datetime] = utc_now) -> None:
        self._source, self._clock = source, clock
        self._fresh, self.triggers = Freshness(), TriggerLog()
        self._sequence, self._was_free = -1, True
        self.newest: Frame | None = None
        """The last frame that was read, whatever became of it."""

    def trigger(self, frames: int = 1) -> None:
        """Have the source take one picture (or burst). Raises UnsupportedProperty, SourceLost."""
        at = self._clock()
        self.triggers.fired(at, frames)
        try:
            self._source.trigger()
        except BaseException:
            self.triggers.forget(at)
            raise

    def next(self, timeout: float, recipe: Callable[[], Recipe]) -> Iterator[Frame | Refused]:
        """What came within `timeout` seconds: nothing, a frame, or refusals. Raises SourceEnded.

        `recipe` is asked before the reading and again after it: by the one in force then the frame is looked at.
        """
        yield from self._missed(recipe().camera.takt_s)
        try:
            frame = self._source.read(timeout)
        except FrameTimeout:
            return
        except PictureError as error:
            name = error.name or self._source.uri
            self._sequence += 1
            yield Refused(self._nothing(name, self._sequence), error.message, unreadable=True)
        except FrameIncomplete as error:
            yield self._incomplete(error)
        except SourceLost as error:
            yield from self._gone(error)
        else:
            self.newest = frame
            judging = recipe()
            yield from self._gap(frame.sequence)
            yield self._judgeable(self._triggered(frame), judging)

    def drain(self, timeout: float) -> bool:
        """Read and forget what a device sends while nothing is inspected. False: it has ended."""
        try:
            frame = self._source.read(timeout)
        except (FrameTimeout, FrameIncomplete, PictureError):
            return True
        except SourceLost:
            self._away()
            return True
        except SourceEnded:
            return False
        self.triggers.of(_exposed(frame))
        self._sequence, self._was_free = frame.sequence, self._source.free_running
        self._fresh.doubt(frame, self._clock(), None)
        return True

    # ── one frame ────────────────────────────────────────────────────────────────────────────────────────────────
    def _judgeable(self, frame: Frame, recipe: Recipe) -> Frame | Refused:
        if reason := unusable(frame, recipe):
            return Refused(frame.ref, reason, frame)
        if not self._source.live:
            return frame
        free = self._source.free_running
        if reason := self._fresh.doubt(frame, self._clock(), recipe.max_frame_age_s if free else None):
            # Without its pixels: a camera that repeats itself for a night must not fill the archive with one picture.
            return Refused(frame.ref, reason)
        if not free and self.triggers.used and frame.triggered_at is None:
            return Refused(frame.ref, "the picture came without a trigger, or too late for its own", frame)
        return frame

    def _triggered(self, frame: Frame) -> Frame:
        """With the trigger it answers. Where this station fires, only its own log counts, not what the source says."""
        if not self._source.live or self._source.free_running:
            return frame
        at = self.triggers.of(_exposed(frame))
        return replace(frame, triggered_at=at) if at is not None or self.triggers.used else frame

    def _incomplete(self, error: FrameIncomplete) -> Refused:
        # Without a number of its own it was the next one: the frame after it shows no gap.
        place = error.sequence if error.sequence >= 0 else self._sequence + 1
        if error.sequence >= 0 or self._sequence >= 0:
            self._sequence = max(self._sequence, place)
        now = self._clock()
        ref = self._nothing(sequence=place)
        if not self._source.free_running:
            ref = replace(ref, triggered_at=self.triggers.of(now))
        return Refused(ref, error.message)

    # ── what never came ──────────────────────────────────────────────────────────────────────────────────────────
    def _missed(self, takt_s: float) -> Iterator[Refused]:
        now = self._clock()
        for at in self.triggers.overdue(now, takt_s):
            waited = f"{(now - at).total_seconds():.1f} s"
            reason = f"the trigger got no picture within {waited}"
            yield Refused(
                replace(self._nothing(), triggered_at=at), reason, alarm=f"A trigger got no picture in {waited}."
            )

    def _gap(self, sequence: int) -> Iterator[Refused]:
        """Frames a triggered camera took and this machine never got; a free-running one's are merely skipped."""
        before, self._sequence = self._sequence, sequence
        was_free, self._was_free = self._was_free, self._source.free_running
        # What a free-running camera had on its way when the trigger was switched on is no part's picture.
        if not self._source.live or was_free or self._was_free or self.triggers.used or before < 0:
            return
        missing = sequence - before - 1
        alarm = f"{missing} triggered pictures never arrived." if missing > 1 else "A triggered picture never arrived."
        for place in range(before + 1, before + 1 + min(missing, MAX_GAP)):
            yield Refused(self._nothing(sequence=place), "the picture of this trigger never arrived", alarm=alarm)

    def _gone(self, error: SourceLost) -> Iterator[Refused]:
        waiting = self._away()
        yield Refused(self._nothing(), error.message)
        for at in waiting:
            reason = f"the camera went away before the picture of this trigger came: {error.message}"
            yield Refused(replace(self._nothing(), triggered_at=at), reason, alarm="A trigger got no picture.")

    def _away(self) -> list[datetime]:
        self._fresh.reopened()
        self._sequence = -1
        return self.triggers.clear()

    def _nothing(self, name: str = "", sequence: int | None = None) -> FrameRef:
        place = self._sequence + 1 if sequence is None else sequence
        return FrameRef(self._source.uri, place, self._clock(), name)


def _exposed(frame: Frame) -> datetime:
    return min(frame.exposed_at or frame.captured_at, frame.captured_at)
