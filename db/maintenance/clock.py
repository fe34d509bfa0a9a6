"""Whether the clock may say how old a picture is: an empty battery puts it years off, and every picture looks old.

The record itself is the witness. Parts from the future, or a long time in which nothing was judged, may be a holiday
or a clock that jumped; only a person can tell, and removing by hand says so. What the record cannot show is a jump of
less than LONGEST_PAUSE, unless it comes while the program runs: then a clock that nobody sets tells (`ClockWatch`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.store.schema import AuditRow, InspectionRow
from engine.errors import EnvironmentFailure

CONFIRMED: Final = "clock confirmed"
"""A person removed pictures by hand although the record spoke against the clock; stands in the trail."""
AHEAD: Final = timedelta(days=1)
"""So far a part may lie in the future: two programs, or a clock that was set by hours."""
LONGEST_PAUSE: Final = timedelta(days=31)
"""Works holidays are shorter."""
REMEDY: Final = "Check the clock, then remove them by hand in Settings."


def doubt(session: Session, oldest: datetime, now: datetime) -> EnvironmentFailure | None:
    """Why `now` cannot say how old the parts from `oldest` on are; None where nothing speaks against it."""
    confirmed = _confirmed(session, now)
    newest = session.execute(select(func.max(InspectionRow.inspected_at))).scalar_one()
    if newest is not None and newest > now + AHEAD and confirmed is None:
        return EnvironmentFailure(
            f"Parts of {_day(newest)} are on record, but the clock says {_day(now)}: no picture leaves by its age.",
            REMEDY,
        )
    pause = _pause(session, oldest, now)
    if pause is None or (confirmed is not None and confirmed >= pause[1]):
        return None
    return EnvironmentFailure(
        f"Nothing is on record from {_day(pause[0])} to {_day(pause[1])}, so the clock may have jumped: "
        "no picture leaves by its age.",
        REMEDY,
    )


def passing_s() -> float:
    """Seconds of a clock that nobody sets and, where the system has such a one, that goes on while it sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockWatch:
    """Whether the clock went as fast as time since the first look. A clock that is set right again is trusted again."""

    def __init__(self, passing: Callable[[], float] = passing_s) -> None:
        self._passing = passing
        self._first: tuple[datetime, float] | None = None

    def doubt(self, now: datetime) -> EnvironmentFailure | None:
        """Why `now` is not believed; None where it is, as at the first look."""
        passed = self._passing()
        self._first = self._first or (now, passed)
        expected = self._first[0] + timedelta(seconds=passed - self._first[1])
        if abs(now - expected) <= AHEAD:
            return None
        return EnvironmentFailure(
            f"The clock was set from {_day(expected)} to {_day(now)}: no picture leaves by its age.",
            "Check the clock, then start Lineside again.",
        )


def _confirmed(session: Session, now: datetime) -> datetime | None:
    """When a person last took the clock's word."""
    rows = select(func.max(AuditRow.at)).where(AuditRow.what == CONFIRMED, AuditRow.at <= now + AHEAD)
    return session.execute(rows).scalar_one()


def _pause(session: Session, oldest: datetime, now: datetime) -> tuple[datetime, datetime] | None:
    """The last time, up to now, in which nothing was judged for too long; looked for from now back to `oldest`."""
    at = now
    while at > oldest:
        before = select(InspectionRow.inspected_at).where(InspectionRow.inspected_at < at)
        near = before.where(InspectionRow.inspected_at >= at - LONGEST_PAUSE)
        found = session.execute(near.order_by(InspectionRow.inspected_at).limit(1)).scalar_one_or_none()
        if found is None:
            last = session.execute(before.order_by(InspectionRow.inspected_at.desc()).limit(1)).scalar_one_or_none()
            return None if last is None else (last, at)
        at = found
    return None


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
