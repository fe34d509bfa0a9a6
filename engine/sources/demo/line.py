"""The demo line: a simulated camera over a line of parts made by calculation, with known truth."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Condition, Thread
from urllib.parse import urlencode

from engine.domain.inspection import Frame, utc_now
from engine.errors import FrameTimeout, SourceEnded, UsageError
from engine.sources.base import NoSettings
from engine.sources.demo import DEFECT_RATE, HEIGHT, KINDS, WIDTH, PartMaker

DEFAULT_FPS = 30.0
MAX_FPS = 1000.0
MAX_PARTS = 1_000_000_000
"""The largest seed, count and number of a first part: at MAX_FPS a line makes as many in eleven days."""
_JOIN_S = 1.0


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """What a demo line makes. Part `index` depends on seed, kinds and defect_rate alone."""

    seed: int = 0
    fps: float = DEFAULT_FPS
    """Parts a second; 0 = as fast as they are read, each one delivered."""
    count: int | None = None
    """How many parts until the line ends; None = it never does."""
    kinds: tuple[str, ...] = KINDS
    defect_rate: float = DEFECT_RATE
    start: int = 0
    """Index of the first part."""

    def __post_init__(self) -> None:
        if not 0 <= self.fps <= MAX_FPS:
            raise UsageError(f"The demo line cannot run at fps={self.fps:g}.", f"Use 0…{MAX_FPS:g}; 0 is unpaced.")
        if not 0 <= self.start <= MAX_PARTS or not (self.count is None or 1 <= self.count <= MAX_PARTS):
            raise UsageError(
                "The demo line's start or count is out of range.",
                f"Use start from 0 and count from 1 to {MAX_PARTS:,}.",
            )

    def query(self) -> str:
        """The options that differ from the defaults, as in the URI."""
        plain = DemoSettings()
        options: dict[str, str] = {}
        for key in ("seed", "fps", "count", "defect_rate", "start"):
            value = getattr(self, key)
            if value is not None and value != getattr(plain, key):
                options[key] = str(value).removesuffix(".0")
        if self.kinds != plain.kinds:
            options["kinds"] = ",".join(self.kinds)
        return urlencode(options, safe=",")


class DemoSource(NoSettings):
    """1024×1280 uint8 grey parts; a frame's sequence is the part's index, its truth the part's.

    With a rate the line runs whether read or not: a thread makes each part when it is due and the newest one waits to
    be read. Parts overwritten unread and parts that the maker was too late for both count as skipped. The first part is
    made by `open`; then, before the line moves, what all the others are laid of (a second or two the first time).
    """

    def __init__(self, settings: DemoSettings | None = None) -> None:
        self._settings = settings or DemoSettings()
        self._maker = PartMaker(self._settings.seed, kinds=self._settings.kinds, defect_rate=self._settings.defect_rate)
        self._changed = Condition()
        self._thread: Thread | None = None
        self._running = False
        self._is_open = False
        self._slot: Frame | None = None
        self._next = self._settings.start
        self._skipped = 0
        self._failure: BaseException | None = None

    @property
    def uri(self) -> str:
        """`demo:`, with the options that are not the defaults."""
        query = self._settings.query()
        return f"demo:?{query}" if query else "demo:"

    @property
    def description(self) -> str:
        """`demo 1280×1024 30 fps`."""
        rate = f"{self._settings.fps:g} fps" if self.free_running else "unpaced"
        return f"demo {WIDTH}×{HEIGHT} {rate}"

    @property
    def free_running(self) -> bool:
        """True when it has a rate."""
        return self._settings.fps > 0

    @property
    def live(self) -> bool:
        """A line with a rate stands for a camera."""
        return self.free_running

    @property
    def skipped(self) -> int:
        """Parts that came by since `open` and were never read."""
        with self._changed:
            return self._skipped

    @property
    def total(self) -> int | None:
        """The count option."""
        return self._settings.count

    def open(self) -> None:
        """Start the line from its first part; of a line with a rate it is here when this returns."""
        self.close()
        self._next, self._skipped, self._slot, self._failure = self._settings.start, 0, None, None
        self._is_open = True
        if self.free_running:
            self._slot = self._frame(self._settings.start)
            self._running = True
            self._thread = Thread(target=self._produce, name="demo-line", daemon=True)
            self._thread.start()

    def read(self, timeout: float) -> Frame:
        """The next part, or the newest when the line has a rate. Raises SourceEnded after `count` parts."""
        if not self._is_open:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        return self._newest(timeout) if self.free_running else self._following()

    def _following(self) -> Frame:
        frame = self._frame(self._next)
        self._next += 1
        return frame

    def _newest(self, timeout: float) -> Frame:
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or self._stopped(), timeout)
            frame, self._slot = self._slot, None
            if frame is None and self._failure is not None:
                raise self._failure
            if frame is None and self._is_open and self._stopped():
                raise self._ended()
            if frame is None:
                raise FrameTimeout("No part came in time.")
            return frame

    def _stopped(self) -> bool:
        return not self._running

    def close(self) -> None:
        """Stop the line and wait for its thread, a second at most."""
        with self._changed:
            self._running = self._is_open = False
            self._slot = None
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            self._thread = None

    def _ended(self) -> SourceEnded:
        return SourceEnded(f"The demo line has made its {self._settings.count} parts.")

    def _frame(self, index: int) -> Frame:
        if self._settings.count is not None and index >= self._settings.start + self._settings.count:
            raise self._ended()
        part = self._maker.part(index)
        return Frame(part.pixels, self.uri, index, utc_now(), truth=part.truth)

    def _produce(self) -> None:
        try:
            self._run()
        except SourceEnded:
            pass
        except Exception as error:
            # A bug of ours: it is handed to the reader, which stops the station visibly.
            self._failure = error
        with self._changed:
            self._running = False
            self._changed.notify_all()

    def _run(self) -> None:
        """The first part lies in its fixture while what the others are laid of is made; then the line moves."""
        for _ in self._maker.prepare():
            if self._stopped():
                return
        period = 1 / self._settings.fps
        begin = time.monotonic()
        first = self._settings.start
        index = first + 1
        while True:
            with self._changed:
                wait = begin + (index - first) * period - time.monotonic()
                if wait > 0:
                    self._changed.wait_for(self._stopped, wait)
                if self._stopped():
                    return
                late = self._late(int(-wait / period), index)
                self._skipped += late
            index += late
            frame = self._frame(index)
            index += 1
            with self._changed:
                if self._stopped():
                    return
                self._skipped += self._slot is not None
                self._slot = frame
                self._changed.notify_all()

    def _late(self, missed: int, index: int) -> int:
        """Whole parts that went by while the last one was made; never past the end of the line."""
        if missed <= 0:
            return 0
        if self._settings.count is None:
            return missed
        return max(0, min(missed, self._settings.start + self._settings.count - index))
