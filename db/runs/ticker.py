"""Fires a line's software trigger at a steady pace, for lines without a trigger of their own and for trials."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from engine.errors import LinesideError, SourceLost
from engine.station.loop import Station


class Ticker:
    """A thread between `with` and its end. Triggers that cannot be fired because the camera is away are left out; a
    refused one ends the run and is raised at the end of the `with`."""

    def __init__(self, line: Station, every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._every_s, self._clock = line, every_s, clock
        self._end = threading.Event()
        self._refused: LinesideError | None = None
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()
        if error is None and self._refused is not None:
            raise self._refused

    def _run(self) -> None:
        due = self._clock() + self._every_s
        while not self._end.wait(max(0.0, due - self._clock())):
            due = max(due + self._every_s, self._clock())
            try:
                self._line.trigger()
            except SourceLost:
                continue
            except LinesideError as error:
                self._refused = error
                self._line.request_stop()
                return
