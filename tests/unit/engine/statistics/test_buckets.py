"""Hours, shifts and days of the local clock, also on the days when it is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from engine.statistics.buckets import MOST, Grouping, Span, day_start, fitting, spans

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def local(*when: int) -> datetime:
    """A reading of Berlin's clock, in UTC."""
    return datetime(*when, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_day_has_as_many_hours_as_the_clock_gives_it(day: tuple[int, int, int], hours: int) -> None:
    since, until = local(*day), local(day[0], day[1], day[2] + 1)
    (whole,) = spans(Grouping.DAY, since, until, zone=BERLIN)
    assert whole == Span(since, until)
    cut = spans(Grouping.HOUR, since, until, zone=BERLIN)
    assert len(cut) == hours
    assert all(span.until - span.since == HOUR for span in cut)


def test_shifts_begin_at_their_local_times_on_the_day_of_the_change() -> None:
    since, until = local(2026, 10, 24, 22), local(2026, 10, 26, 6)
    cut = spans(Grouping.SHIFT, since, until, ["06:00", "14:00", "22:00"], BERLIN)
    assert [s.since.astimezone(BERLIN).hour for s in cut] == [22, 6, 14, 22]
    # The night in which the clock goes back is nine hours long.
    assert [(s.until - s.since) / HOUR for s in cut] == [9, 8, 8, 8]


@pytest.mark.parametrize("grouping", [Grouping.HOUR, Grouping.SHIFT, Grouping.DAY])
def test_spans_cover_the_period_without_gaps_and_are_cut_at_its_ends(grouping: Grouping) -> None:
    since, until = local(2026, 3, 28, 5, 17), local(2026, 3, 30, 21, 43)
    cut = spans(grouping, since, until, ["06:00", "18:30"], BERLIN)
    assert cut[0].since == since
    assert cut[-1].until == until
    assert all(a.until == b.since for a, b in pairwise(cut))


def test_nothing_is_cut_out_of_no_time() -> None:
    at = local(2026, 6, 1)
    assert spans(Grouping.HOUR, at, at) == ()
    assert spans(Grouping.DAY, at, at - HOUR) == ()


def test_too_many_hours_become_days() -> None:
    since = local(2026, 1, 1)
    assert fitting(Grouping.HOUR, since, since + MOST * HOUR) is Grouping.HOUR
    assert fitting(Grouping.HOUR, since, since + (MOST + 1) * HOUR) is Grouping.DAY
    assert fitting(Grouping.LOT, since, since + timedelta(days=4000)) is Grouping.LOT
    assert len(spans(Grouping.HOUR, since, since + 2 * MOST * HOUR, zone=BERLIN)) == MOST


def test_day_begins_at_local_midnight() -> None:
    assert day_start(local(2026, 7, 1, 0, 30), BERLIN) == local(2026, 7, 1)
