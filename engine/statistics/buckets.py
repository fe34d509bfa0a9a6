"""How time is cut for a report: hours, shifts and days of the local clock, right on the days when it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from engine.statistics.shifts import shift_times

MOST = 800
"""More spans than this are not made: a chart of them shows nothing; `fitting` says what to take instead."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Grouping(StrEnum):
    """What one bar or one point stands for."""

    HOUR = "hour"
    SHIFT = "shift"
    DAY = "day"
    LOT = "lot"
    RECIPE = "recipe"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, UTC: since ≤ t < until."""

    since: datetime
    until: datetime


def day_start(at: datetime, zone: tzinfo | None = None) -> datetime:
    """Local midnight before `at`, in UTC. `zone`: the machine's own when left out."""
    return _utc(datetime.combine(at.astimezone(zone).date(), time(0, 0)), zone)


def fitting(grouping: Grouping, since: datetime, until: datetime) -> Grouping:
    """The grouping itself, or days where hours (or shifts) would be more than `MOST`."""
    if grouping is Grouping.HOUR and (until - since) / HOUR > MOST:
        return Grouping.DAY
    return Grouping.DAY if grouping is Grouping.SHIFT and (until - since) / DAY > MOST / 3 else grouping


def spans(
    grouping: Grouping, since: datetime, until: datetime, shifts: Sequence[str] = (), zone: tzinfo | None = None
) -> tuple[Span, ...]:
    """The hours, shifts or days that cover since…until, cut at both ends, oldest first; at most `MOST`, the newest.

    A day is 23 or 25 hours long when the clock is changed; an hour is always one hour.
    """
    if until <= since:
        return ()
    if grouping is Grouping.HOUR:
        local = since.astimezone(zone).replace(minute=0, second=0, microsecond=0)
        first = local.astimezone(UTC)
        # A zone whose clock was changed within this hour: never start after what is asked for.
        edges = [first + n * HOUR for n in range(int((until - first) / HOUR) + 2)]
    else:
        clocks = shifts if grouping is Grouping.SHIFT else ("00:00",)
        day, last = since.astimezone(zone).date() - DAY, until.astimezone(zone).date() + DAY
        edges = []
        while day <= last:
            edges += _starts(day, clocks, zone)
            day += DAY
        edges = sorted(set(edges))
    cut = [Span(max(a, since), min(b, until)) for a, b in pairwise(edges) if b > since and a < until]
    return tuple(cut[-MOST:])


def _starts(day: date, shifts: Sequence[str], zone: tzinfo | None) -> list[datetime]:
    return [_utc(datetime.combine(day, clock), zone) for clock in shift_times(shifts)]


def _utc(naive: datetime, zone: tzinfo | None) -> datetime:
    """A local clock reading in UTC; of the machine's own zone where none is given."""
    return (naive if zone is None else naive.replace(tzinfo=zone)).astimezone(UTC)
