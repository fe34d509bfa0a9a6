"""What the Camera page looks at: a source opened for it alone, or the line's own, measured beside the window."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from engine.domain.inspection import Frame, Mask, Pixels
from engine.domain.recipe import WHOLE, Imaging, View
from engine.errors import LinesideError
from engine.images.depth import develop, full_scale
from engine.preprocessing.golden import PictureFigures, figures
from engine.sources.base import FrameSource
from engine.sources.supervisor import SourceState, Supervisor
from engine.station.drift import Check, compare
from engine.station.loop import Station
from engine.station.preview import Preview, Standing
from engine.system.mailbox import Mailbox
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.jobs.jobs import Job, Jobs

OpenSource = Callable[[str], FrameSource]

TICK_MS = 50
LOOK_S = 0.06
"""From one measured frame to the next, at least."""
CHECK_S = 0.5
"""From one self-test to the next."""
TURN_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame as the page shows it."""

    frame: Frame
    picture: NDArray[np.uint8]
    """H×W grey or H×W×3 BGR, 8 bits, as the model sees it."""
    saturated: Mask
    """H×W, 255 where a pixel is at the top of its scale."""
    figures: PictureFigures
    at: float = field(default_factory=time.monotonic)


class Turns:
    """Which sources the page has open, so that none is opened twice: the list's glance ends before the preview."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._changed = threading.Condition()

    def take(self, uri: str, job: Job) -> bool:
        """Wait until nobody has it; False once the job is cancelled."""
        with self._changed:
            while uri in self._held:
                if job.cancelled:
                    return False
                self._changed.wait(0.05)
            self._held.add(uri)
        return True

    def give(self, uri: str) -> None:
        """It is closed."""
        with self._changed:
            self._held.discard(uri)
            self._changed.notify_all()

    def wait(self, uri: str) -> bool:
        """Wait until nobody has it; False after a while."""
        with self._changed:
            return self._changed.wait_for(lambda: uri not in self._held, TURN_S)


class Watched(Protocol):
    """Frames and standing of a source, whoever reads it."""

    source: Supervisor

    def take(self) -> Frame | None:
        """The newest frame, once."""
        ...

    def standing(self) -> Standing | None:
        """The newest standing, once."""
        ...


class _Own:
    """A preview of its own."""

    def __init__(self, preview: Preview) -> None:
        self.source, self._preview = preview.source, preview

    def take(self) -> Frame | None:
        return self._preview.frames.take()

    def standing(self) -> Standing | None:
        return self._preview.standing.take()


class _OfLine:
    """The frames the line reads anyway."""

    def __init__(self, station: Station) -> None:
        self.source, self._station = station.source, station
        self._last: Frame | None = None
        self._told: tuple[SourceState, str] | None = None

    def take(self) -> Frame | None:
        frame = self._station.newest
        if frame is self._last:
            return None
        self._last = frame
        return frame

    def standing(self) -> Standing | None:
        told = self.source.state, self.source.words
        if told == self._told:
            return None
        self._told = told
        return Standing(*told, retry_s=self.source.retry_in)


class Feed(QObject):
    """`watch` or `follow` begins, `leave` ends it; all of them return at once. Signals come on the GUI thread."""

    seen = Signal(object)
    """Seen: the newest frame."""
    stood = Signal(object)
    """Standing: how the source stands now."""
    checked = Signal(object)
    """tuple[Check, …]: the self-test, where there is a golden picture; a sentence where it cannot be made."""

    def __init__(self, jobs: Jobs, open_source: OpenSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._open = jobs, open_source
        self.turns = Turns()
        self.imaging: Imaging | None = None
        """What the self-test compares with; replaced as a whole."""
        self.view: View = WHOLE
        """The recipe's, for depth and mosaic."""
        self._job: Job | None = None
        self._watched: Watched | None = None
        self._seen: Mailbox[Seen] = Mailbox()
        self._standing: Mailbox[Standing] = Mailbox()
        self._checks: Mailbox[tuple[Check, ...] | str] = Mailbox()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def source(self) -> Supervisor | None:
        """For settings and triggers, on a job; None while nothing is watched."""
        return self._watched.source if self._watched is not None else None

    @property
    def on(self) -> bool:
        """True between `watch` or `follow` and `leave`."""
        return self._job is not None

    def watch(self, uri: str) -> None:
        """Open this source and show it."""
        self.leave()

        def work(job: Job, _report: Callable[[object], None]) -> None:
            if not self.turns.take(uri, job):
                return
            try:
                with Preview(self._open(harmless(uri))) as preview:
                    self._look(job, _Own(preview))
            finally:
                self.turns.give(uri)

        self._begin(work)

    def follow(self, station: Station) -> None:
        """Show what this station reads; nothing is opened."""
        self.leave()
        watched = _OfLine(station)
        self._begin(lambda job, _report: self._look(job, watched))

    def leave(self) -> None:
        """Show nothing any more; the source is closed on its own thread."""
        if self._job is not None:
            self._job.cancel()
        self._job = self._watched = None
        self._timer.stop()
        for box in (self._seen, self._standing, self._checks):
            box.take()

    def free(self, uri: str, then: Callable[[], None]) -> None:
        """Leave, and call `then` once this source is closed."""
        self.leave()
        self._jobs.run(lambda: self.turns.wait(uri), lambda _free: then())

    # ── beside the window ────────────────────────────────────────────────────────────────────────────────────────
    def _begin(self, work: Callable[[Job, Callable[[object], None]], None]) -> None:
        self._job = self._jobs.stream(work, lambda _item: None, lambda _none: None, self._failed, endless=True)
        self._timer.start()

    def _look(self, job: Job, watched: Watched) -> None:
        if job.cancelled:
            return
        self._watched = watched
        checked_at = 0.0
        while not job.cancelled:
            standing, frame = watched.standing(), watched.take()
            if standing is not None:
                self._standing.put(standing)
            if frame is not None:
                self._seen.put(see(frame, self.view))
                if self.imaging is not None and time.monotonic() - checked_at > CHECK_S:
                    checked_at = time.monotonic()
                    self._checks.put(self._compare(self.imaging, frame))
            time.sleep(LOOK_S)

    def _compare(self, imaging: Imaging, frame: Frame) -> tuple[Check, ...] | str:
        try:
            return tuple(compare(imaging, frame.pixels, *stated(frame, self.view)))
        except ValueError as error:
            words = translate("Camera", "This picture cannot be compared with the golden one: {why}.")
            return words.format(why=error)

    # ── on the GUI thread ────────────────────────────────────────────────────────────────────────────────────────
    def _tick(self) -> None:
        standing, seen, checks = self._standing.take(), self._seen.take(), self._checks.take()
        if seen is not None:
            self.seen.emit(seen)
        if standing is not None:
            self.stood.emit(standing)
        if checks is not None:
            self.checked.emit(checks)

    def _failed(self, error: Exception) -> None:
        self._watched = None
        if isinstance(error, LinesideError):
            words = f"{translated(error.message)} {translated(error.remedy)}".strip()
            self.stood.emit(Standing(SourceState.CLOSED, words, over=True, failed=True))
        else:
            self._jobs.failed.emit(error)


def plain_tip(text: str) -> str:
    """A tool tip of text from outside: never taken for markup, never endless."""
    return f"<p>{html.escape(text[:500])}</p>".replace("\n", "<br>")


def harmless(uri: str) -> str:
    """The URI to look at only: pictures of a watched folder stay where they are, for the line to judge."""
    if not uri.lower().startswith("watch:"):
        return uri
    return re.sub(r"[?&]move=.*?(?=$|[?&](?:pattern|existing)=)", "", uri)


def see(frame: Frame, view: View = WHOLE) -> Seen:
    """The frame made ready for the screen, its depth and mosaic as the recipe's view or else the camera states them."""
    bits, bayer = stated(frame, view)
    picture = develop(frame.pixels, bits, bayer)
    return Seen(frame, picture, saturated(frame.pixels, bits), figures(frame.pixels, bits, bayer))


def stated(frame: Frame, view: View) -> tuple[int, str]:
    """Depth and mosaic of a frame; a colour picture is no mosaic, whatever the recipe says of the camera."""
    seen = view.stated(frame.bits, frame.bayer)
    return seen.bits, seen.bayer if frame.pixels.ndim == 2 else ""


def saturated(pixels: Pixels, bits: int) -> Mask:
    """H×W, 255 where a pixel (of a colour frame: one channel of it) is at the top of its scale."""
    highest = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    return np.multiply(highest >= full_scale(pixels, bits), 255, dtype=np.uint8)


def thinned(mask: Mask, zoom: float) -> NDArray[np.uint8]:
    """The mask at the size it is shown, so that a single marked pixel does not vanish: h×w, 255 where any was."""
    step = min(15, max(1, int(1 / zoom)))
    if step == 1:
        return mask
    size = (max(1, mask.shape[1] // step), max(1, mask.shape[0] // step))
    small = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA))
    return np.multiply(small > 0, 255, dtype=np.uint8)
