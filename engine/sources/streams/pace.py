"""Tells the pictures of a network stream that are new from those that waited somewhere on the way."""

from __future__ import annotations

LATE_S = 0.5
"""A picture later than this, against the quickest one, is not handed on."""
_DRIFT = 2e-4
"""By how much two clocks may run apart; the quickest transfer seen is forgotten at this rate."""


class StreamPace:
    """Compares when pictures arrive with when they were taken, by the stream's own time stamps.

    Arrival minus stamp is the transfer time plus a constant; its smallest value seen is the reference (the minimum
    filter of network time protocols, RFC 5905 section 10). Pictures that pour in at least twice as fast as they were
    taken are a backlog: nothing is trusted until it is through. Without stamps the usual distance between two
    pictures stands for theirs, and a pause is what makes a backlog suspected.
    """

    def __init__(self) -> None:
        self._arrival: float | None = None
        self._stamp: float | None = None
        self._quickest: float | None = None
        self._usual: float | None = None
        self._settled = False

    def late(self, arrival: float, stamp: float | None) -> float | None:
        """Seconds this picture was under way beyond the quickest; None while a backlog is being worked off.

        `arrival` is of this machine's monotonic clock, `stamp` of the stream's, both in seconds.
        """
        before, self._arrival = self._arrival, arrival
        if stamp is None:
            return self._by_distance(None if before is None else arrival - before)
        earlier, self._stamp = self._stamp, stamp
        if before is None or earlier is None or stamp <= earlier:
            self._settled, self._quickest = False, None
            return None
        self._settled = self._settled or arrival - before >= (stamp - earlier) / 2
        if not self._settled:
            return None
        offset = arrival - stamp
        faded = offset if self._quickest is None else self._quickest + _DRIFT * (arrival - before)
        self._quickest = min(faded, offset)
        return offset - self._quickest

    def _by_distance(self, gap: float | None) -> float | None:
        if gap is None:
            self._settled = True
            return 0.0
        usual = gap if self._usual is None else self._usual
        if gap > LATE_S + 1.5 * usual:
            self._settled = False
            return None
        self._settled = self._settled or gap >= usual / 2
        if not self._settled:
            return None
        self._usual = usual + 0.1 * (gap - usual)
        return 0.0
