"""When a shift begins: local times of day, right on the days the clocks change too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo


def shift_times(shifts: Sequence[str]) -> tuple[time, ...]:
    """The times of day in order; what is not HH:MM is left out. Without any, a shift is the whole day."""
    found = {made for text in shifts if (made := _time(text)) is not None}
    return tuple(sorted(found)) or (time(0, 0),)


def shift_of(at: datetime, shifts: Sequence[str], zone: tzinfo | None = None) -> tuple[datetime, datetime]:
    """Start and end (the next start) of the shift that `at` lies in, in UTC; `zone`: the system's where None.

    A start that the clocks skip in spring is taken as long after midnight as it would have been; of one that comes
    twice in autumn the first counts.
    """
    today = at.astimezone(zone).date()
    days = [today + timedelta(days=number) for number in (-2, -1, 0, 1, 2)]
    starts = sorted({_moment(day, when, zone) for day in days for when in shift_times(shifts)})
    before = [start for start in starts if start <= at]
    return before[-1], starts[len(before)]


def _moment(day: date, when: time, zone: tzinfo | None) -> datetime:
    """That time of that day in UTC."""
    return datetime.combine(day, when, tzinfo=zone).astimezone(UTC)


def _time(text: str) -> time | None:
    hours, _, minutes = text.strip().partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2 and len(hours) <= 2):
        return None
    if int(hours) > 23 or int(minutes) > 59:
        return None
    return time(int(hours), int(minutes))
