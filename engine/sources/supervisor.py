"""Brings a source back by itself: OPENING → STREAMING → LOST → BACKOFF → OPENING …, the same for every kind.

It has no thread of its own: each `read` moves it on and is bounded by its timeout, so whoever reads can always be
stopped. A source that opens in the background (`Opening`: every camera in its child process) is begun and polled; one
that opens at once (demo line, folder) is just opened.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NoReturn, Protocol, runtime_checkable

from engine.domain.inspection import Frame, Value
from engine.errors import FrameIncomplete, FrameTimeout, LinesideError, SourceLost, UsageError
from engine.sources.base import Capability, FrameSource, in_order

log = logging.getLogger(__name__)

RETRY_S = (0.5, 1.0, 2.0, 5.0)
"""Seconds from a loss, or from the beginning of a try that failed, to the next one; the last one stays."""


class SourceState(StrEnum):
    """Where a supervised source stands. LOST is told once per loss, BACKOFF with every wait."""

    CLOSED = "closed"
    OPENING = "opening"
    STREAMING = "streaming"
    LOST = "lost"
    BACKOFF = "backoff"


Tell = Callable[[SourceState, str, float], None]
"""State, words for the operator (why it was lost), seconds to the next try. Called on the reading thread."""


@runtime_checkable
class Opening(Protocol):
    """A source that opens in the background."""

    settings: dict[str, Value]
    """Applied by it at every opening, before the first frame."""

    def begin(self) -> None:
        """Start to open; returns at once."""
        ...

    def opened(self, timeout: float) -> bool:
        """Whether it is open, after waiting `timeout` seconds at most; raises what `open` would."""
        ...


def _quiet(state: SourceState, words: str, retry_s: float) -> None:
    log.debug("source %s %s, next try in %.1f s", state, words, retry_s)


class Supervisor:
    """A FrameSource around another one that reopens it for ever, with the same settings, until it is closed.

    `read` raises SourceLost once per loss, then FrameTimeout until the source is back. What cannot become right by
    waiting (UsageError, InputError, a missing library) is raised from the first opening; after the source has once
    streamed, everything is tried again.
    """

    def __init__(
        self,
        source: FrameSource,
        settings: Mapping[str, Value] | None = None,
        tell: Tell = _quiet,
        *,
        clock: Callable[[], float] = time.monotonic,
        retry_s: tuple[float, ...] | None = None,
    ) -> None:
        self._source, self._tell, self._clock = source, tell, clock
        self._retry_s = retry_s or RETRY_S
        self._settings = in_order(settings or {})
        self._state, self._words = SourceState.CLOSED, ""
        self._closed = threading.Event()
        self._closed.set()
        self._changing = threading.RLock()
        """Opening and closing exclude each other: nothing is begun after `close`."""
        self._due, self._begun, self._attempt = 0.0, 0.0, 0
        self._begun_with: dict[str, Value] = {}
        self._gone: SourceLost | None = None
        """It went away while it was being set, which `read` has not told yet."""
        self._streamed = False
        self._skipped = 0
        self.incomplete = 0
        """Damaged frames since `open`."""
        self.losses = 0
        """How often it went away since `open`."""

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def state(self) -> SourceState:
        """Where it stands."""
        return self._state

    @property
    def words(self) -> str:
        """Why it is not streaming, for the operator; empty while it is."""
        return self._words

    @property
    def retry_in(self) -> float:
        """Seconds to the next try; 0 unless it waits for one."""
        return max(0.0, self._due - self._clock()) if self._state is SourceState.BACKOFF else 0.0

    @property
    def uri(self) -> str:
        """The source's."""
        return self._source.uri

    @property
    def description(self) -> str:
        """The source's."""
        return self._source.description

    @property
    def free_running(self) -> bool:
        """The source's."""
        return self._source.free_running

    @property
    def live(self) -> bool:
        """The source's."""
        return self._source.live

    @property
    def total(self) -> int | None:
        """The source's."""
        return self._source.total

    @property
    def skipped(self) -> int:
        """Frames nobody read since `open`, over all losses."""
        return self._skipped + self._source.skipped

    @property
    def settings(self) -> dict[str, Value]:
        """What is applied at every opening."""
        return dict(self._settings)

    # ── the protocol ─────────────────────────────────────────────────────────────────────────────────────────────
    def open(self) -> None:
        """Begin. Raises what waiting cannot mend, where the source opens at once; else the first reads do."""
        if self._state is not SourceState.CLOSED:
            self.close()
        self._closed.clear()
        self._attempt, self._skipped, self.incomplete, self.losses, self._streamed = 0, 0, 0, 0, False
        self._begin()

    def read(self, timeout: float) -> Frame:
        """The next frame, as the protocol says; FrameTimeout while the source is away."""
        match self._state:
            case SourceState.STREAMING:
                return self._read(timeout)
            case SourceState.OPENING:
                self._poll(timeout)
            case SourceState.BACKOFF | SourceState.LOST:
                self._wait(timeout)
            case SourceState.CLOSED:
                raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        raise FrameTimeout(self._words or "The source is being opened.")

    def trigger(self) -> None:
        """The source's. Raises SourceLost while it is away."""
        self._need()
        self._source.trigger()

    def get(self, name: str) -> Value:
        """The source's. Raises SourceLost while it is away."""
        self._need()
        return self._source.get(name)

    def set(self, name: str, value: Value) -> None:
        """Change a setting now and at every opening to come; only to come while the source is away.

        One that goes away over it is lost with the next `read`, whatever it sends: it comes back with this setting.
        """
        gone: SourceLost | None = None
        if self._state is SourceState.STREAMING and self._gone is None:
            try:
                self._source.set(name, value)
            except SourceLost as error:
                gone = error
        # In this order: a loss is forgotten at an opening, which then has the setting.
        self._settings = in_order(self._settings | {name: value})
        self._gone = gone or self._gone

    def caps(self) -> tuple[Capability, ...]:
        """The source's; empty while it is away."""
        return self._source.caps() if self._state is SourceState.STREAMING else ()

    def check(self) -> None:
        """The source's. Raises SourceLost while it is away."""
        self._need()
        self._source.check()

    def close(self) -> None:
        """Let go; the next `read` raises UsageError."""
        self._closed.set()
        with self._changing:
            self._state = SourceState.CLOSED
            self._source.close()

    # ── moving on ────────────────────────────────────────────────────────────────────────────────────────────────
    def _begin(self) -> None:
        with self._changing:
            if not self._closed.is_set():
                self._enter(SourceState.OPENING, self._words, 0.0)
                self._gone = None
                self._begun, self._begun_with = self._clock(), dict(self._settings)
                self._try()

    def _try(self) -> None:
        try:
            if isinstance(self._source, Opening):
                self._source.settings = dict(self._begun_with)
                self._source.begin()
                return
            self._source.open()
            for name, value in self._begun_with.items():
                self._source.set(name, value)
            self._arrived()
        except LinesideError as error:
            self._failed(error)

    def _poll(self, timeout: float) -> None:
        assert isinstance(self._source, Opening)
        try:
            if self._source.opened(timeout):
                self._arrived()
        except LinesideError as error:
            self._failed(error)

    def _read(self, timeout: float) -> Frame:
        try:
            if self._gone is not None:
                raise self._gone
            frame = self._source.read(timeout)
        except SourceLost as error:
            self._lose(error)
        except FrameIncomplete:
            self.incomplete += 1
            raise
        self._attempt = 0
        return frame

    def _lose(self, error: SourceLost) -> NoReturn:
        if self._closed.is_set():
            raise FrameTimeout("The source is closed.")
        self.losses += 1
        log.info("%s: lost after %d incomplete frames: %s", self.uri, self.incomplete, error)
        self._skipped += self._source.skipped
        self._source.close()
        self._enter(SourceState.LOST, error.message, 0.0)
        self._back_off(error, self._clock())
        raise error

    def _failed(self, error: LinesideError) -> None:
        """An opening that failed: waiting mends it, or it is raised."""
        if self._closed.is_set():
            return
        self._source.close()
        if not self._streamed and not isinstance(error, SourceLost):
            self._state = SourceState.CLOSED
            raise error
        log.info("%s: not opened (try %d): %s", self.uri, self._attempt + 1, error)
        self._back_off(error, self._begun)

    def _back_off(self, error: LinesideError, since: float) -> None:
        """A try that took long shortens the wait after it: a camera that is back is seen at a steady pace."""
        now = self._clock()
        due = since + self._retry_s[min(self._attempt, len(self._retry_s) - 1)]
        delay = max(due - now, min(self._retry_s))
        self._attempt += 1
        self._due = now + delay
        self._enter(SourceState.BACKOFF, f"{error.message} {error.remedy}".strip(), delay)

    def _wait(self, timeout: float) -> None:
        if not self._closed.wait(min(timeout, self.retry_in)) and self.retry_in <= 0:
            self._begin()

    def _arrived(self) -> None:
        """Open: what was set while it was being opened comes on top."""
        for name, value in self._settings.items():
            if self._begun_with.get(name) != value:
                self._source.set(name, value)
        if self._streamed:
            log.info("%s: back, with %d settings applied again", self.uri, len(self._settings))
        self._streamed = True
        self._enter(SourceState.STREAMING, "", 0.0)

    def _need(self) -> None:
        if self._state is not SourceState.STREAMING:
            raise SourceLost(self._words or "The source is not open yet.", "Wait until it is back.")

    def _enter(self, state: SourceState, words: str, retry_s: float) -> None:
        if self._closed.is_set():
            return
        self._state, self._words = state, words
        self._tell(state, words, retry_s)
