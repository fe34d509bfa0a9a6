"""Which trigger a frame belongs to, and which trigger never got one. Safe between threads."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

MISSED_AFTER_S = 5.0
"""Without a takt in the recipe, a trigger without a picture counts as missed after so long."""
TOLERANCE_S = 0.02
"""By so much an exposure's time, which is estimated, may lie before its trigger."""


@dataclass(slots=True)
class _Pending:
    at: datetime
    left: int


class TriggerLog:
    """Triggers fired by this station whose pictures have not come yet."""

    def __init__(self) -> None:
        self._pending: deque[_Pending] = deque()
        self._lock = threading.Lock()
        self._used = False

    def fired(self, at: datetime, frames: int = 1) -> None:
        """Note a trigger that asks for so many frames."""
        with self._lock:
            self._used = True
            self._pending.append(_Pending(at, max(1, frames)))

    def forget(self, at: datetime) -> None:
        """Take a trigger back that the device refused."""
        with self._lock:
            self._pending = deque(p for p in self._pending if p.at != at)

    def clear(self) -> list[datetime]:
        """Forget all, because the source went away; those that were waiting."""
        with self._lock:
            waiting = [p.at for p in self._pending]
            self._pending.clear()
            return waiting

    def of(self, exposed_at: datetime) -> datetime | None:
        """The trigger a frame answers: the oldest waiting one, unless the frame was exposed before it."""
        with self._lock:
            if not self._pending or exposed_at < self._pending[0].at - timedelta(seconds=TOLERANCE_S):
                return None
            first = self._pending[0]
            first.left -= 1
            if not first.left:
                self._pending.popleft()
            return first.at

    @property
    def used(self) -> bool:
        """Whether this station has fired at all: only then is a frame without a trigger odd."""
        return self._used

    def overdue(self, now: datetime, takt_s: float) -> list[datetime]:
        """Triggers that waited longer than the takt (none: MISSED_AFTER_S), oldest first; forgotten now."""
        missed = []
        with self._lock:
            while self._pending and (now - self._pending[0].at).total_seconds() > (takt_s or MISSED_AFTER_S):
                missed.append(self._pending.popleft().at)
        return missed
