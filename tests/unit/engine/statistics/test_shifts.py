"""Shifts by the local clock, on the days it is changed too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.statistics.shifts import shift_of, shift_times

BERLIN = ZoneInfo("Europe/Berlin")
SHIFTS = ("06:00", "14:00", "22:00")


def local(text: str) -> datetime:
    """A local time in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "since", "until"),
    [
        ("2026-11-20 06:00", "2026-11-20 06:00", "2026-11-20 14:00"),
        ("2026-11-20 13:59:59", "2026-11-20 06:00", "2026-11-20 14:00"),
        ("2026-11-20 05:59", "2026-11-19 22:00", "2026-11-20 06:00"),
        ("2026-11-20 23:30", "2026-11-20 22:00", "2026-11-21 06:00"),
        ("2026-01-01 01:00", "2025-12-31 22:00", "2026-01-01 06:00"),
    ],
)
def test_shift_that_a_moment_lies_in(at: str, since: str, until: str) -> None:
    assert shift_of(local(at), SHIFTS, BERLIN) == (local(since).astimezone(UTC), local(until).astimezone(UTC))


@pytest.mark.parametrize(("night", "hours"), [("2026-03-29 04:00", 7), ("2026-10-25 04:00", 9)])
def test_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn(night: str, hours: int) -> None:
    since, until = shift_of(local(night), SHIFTS, BERLIN)
    assert (until - since).total_seconds() == hours * 3600


def test_times_that_are_none_are_left_out_and_without_any_a_shift_is_the_day() -> None:
    assert [t.isoformat("minutes") for t in shift_times(["14:00", "6:30", "25:00", "x", "07:5", ""])] == [
        "06:30",
        "14:00",
    ]
    assert shift_of(local("2026-11-20 15:00"), ["?"], BERLIN)[0] == local("2026-11-20 00:00").astimezone(UTC)
