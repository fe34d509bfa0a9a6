"""A camera's time stamps on this machine's clock."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

WINDOW_S = 30.0
"""Over which the shortest transfer is looked for: crystals part by up to 0.1 ms a second, which adds 3 ms at most."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DeviceClock:
    """Arrival minus time stamp is the clocks' distance plus what the transfer took; its least value over the last
    WINDOW_S seconds is the distance to within the shortest transfer (the minimum filter of network time protocols).

    A late frame therefore keeps its early time. A device clock that runs backwards was reset and begins anew; so does
    this machine's. A device clock set back by less than the time between two frames looks like a delay and is
    followed when the window has passed; one set forward is followed at once.
    """

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window = int(window_s * 1e9)
        self._least: deque[tuple[int, int]] = deque()
        """Arrival and distance, both in ns, distances rising: the first is the least of the window."""
        self._device = self._arrived = 0

    def host_time(self, device_ns: int, arrived: datetime) -> datetime | None:
        """When this machine's clock stood at the device's `device_ns`; never after `arrived` (timezone-aware).

        None where the device gives no time stamp (0).
        """
        if device_ns <= 0:
            return None
        at = (arrived - _EPOCH) // timedelta(microseconds=1) * 1000
        if device_ns < self._device or at < self._arrived:
            self._least.clear()
        self._device, self._arrived = device_ns, at
        distance = at - device_ns
        while self._least and self._least[-1][1] >= distance:
            self._least.pop()
        self._least.append((at, distance))
        while self._least[0][0] < at - self._window:
            self._least.popleft()
        return arrived - timedelta(microseconds=(distance - self._least[0][1]) / 1000)
