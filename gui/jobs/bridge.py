"""The only crossing from the station's thread to Qt.

The station calls `publish` (an append, never waits, never drops) and puts pictures into the mailbox (newest wins). A
timer on the GUI thread empties both about 30 times a second; a Qt signal per frame would pile frames up instead.
"""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.events import Picture, StationEvent
from engine.system.mailbox import Mailbox

TICK_MS = 33
MAX_TICK_MS = 100
LAGS_KEPT = 8192


class Bridge(QObject):
    """`publish` and `show` are for the station (any thread); the signals come on the GUI thread."""

    drained = Signal(object)
    """list[StationEvent]: everything published since the last tick, in order; not emitted when nothing was."""
    pictured = Signal(object)
    """events.Picture: the newest one; emitted after the `drained` of the same tick."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.show: Mailbox[Picture] = Mailbox()
        self.lags_ms: deque[float] = deque(maxlen=LAGS_KEPT)
        """How late each tick came, in milliseconds: the lag of the GUI's event loop."""
        self._events: deque[StationEvent] = deque()
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)

    def publish(self, event: StationEvent) -> None:
        """Leave an event for the GUI; from any thread, never waits."""
        self._events.append(event)

    def start(self) -> None:
        """Begin to tick."""
        self._arm(TICK_MS)

    def stop(self) -> None:
        """Deliver what waits and tick no more."""
        self._timer.stop()
        self.drain()

    def drain(self) -> None:
        """Deliver every event and the newest picture now."""
        events: list[StationEvent] = []
        while self._events:
            events.append(self._events.popleft())
        # The picture is taken after the events: its inspection was published first, so it is among them or earlier.
        picture = self.show.take()
        if events:
            self.drained.emit(events)
        if picture is not None:
            self.pictured.emit(picture)

    def _tick(self) -> None:
        began = time.perf_counter()
        self.lags_ms.append(max(0.0, (began - self._due) * 1000))
        try:
            self.drain()
        finally:
            # A slow screen gets fewer pictures, never a queue of them: at least half the time stays for the operator.
            took = (time.perf_counter() - began) * 1000
            self._arm(min(MAX_TICK_MS, max(TICK_MS - took, took)))

    def _arm(self, wait_ms: float) -> None:
        wait = max(1, round(wait_ms))
        self._due = time.perf_counter() + wait / 1000
        self._timer.start(wait)
