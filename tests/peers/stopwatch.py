"""Seconds that a loaded machine cannot make longer, for tests of what must happen within a time."""

from __future__ import annotations

import threading
import time

TICK_S = 0.01


class Stopwatch:
    """Counts only while this machine lets a thread run: a tick that comes late counts as two, however late it is.

    Where nothing else runs these are plain seconds. What holds the interpreter stops it too: for work in Python take
    `time.thread_time`, which counts nobody else's work either.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._count, name="stopwatch", daemon=True)

    def __enter__(self) -> Stopwatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return self._seconds

    def _count(self) -> None:
        before = time.monotonic()
        while not self._over.wait(TICK_S):
            now = time.monotonic()
            self._seconds += min(now - before, 2 * TICK_S)
            before = now
