"""What a station says: each event in its turn, and an inspection only once it is on disk."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine import events

FLUSH_AFTER_S = 0.25
ALARM_EVERY_S = 1.0


class Announcer:
    """Holds events back until what was recorded before them is durable. For the worker thread alone."""

    def __init__(
        self, make_durable: Callable[[], None], publish: Callable[[events.StationEvent], None], group: int = 1
    ) -> None:
        self._make_durable, self._publish, self._group = make_durable, publish, group
        self._waiting: list[events.StationEvent] = []
        self._flushed_at = 0.0
        self._alarmed = ("", 0.0)

    def now(self, event: events.StationEvent) -> None:
        """Say what nothing recorded stands behind."""
        self._publish(event)

    def later(self, event: events.StationEvent) -> None:
        """Say it with the next flush, behind what waits already."""
        self._waiting.append(event)

    def inspected(self, event: events.Inspected) -> bool:
        """Say it once its group is whole and on disk; whether that is so now. Raises StorageError."""
        self._waiting.append(event)
        if len(self._waiting) < self._group:
            return False
        self.flush()
        return True

    def alarm(self, message: str) -> None:
        """Raise it with the next flush, but the same one not more than once a second."""
        last, at = self._alarmed
        now = time.monotonic()
        if message != last or now - at > ALARM_EVERY_S:
            self._alarmed = (message, now)
            self.later(events.Alarmed(message, "Look at the trigger, the camera and the lighting."))

    def flush(self) -> None:
        """Make everything recorded durable, then say all that waits. Raises StorageError: then it waits on."""
        self._flushed_at = time.monotonic()
        if not self._waiting:
            return
        self._make_durable()
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._publish(event)

    def flush_when_due(self) -> None:
        """Nothing waits longer than FLUSH_AFTER_S for the rest of its group."""
        if self._waiting and time.monotonic() - self._flushed_at > FLUSH_AFTER_S:
            self.flush()
