"""A clock that jumped makes every picture look old: none leaves by its age until a person takes the clock's word."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from db.inspections.table import NewInspection, add
from db.maintenance.clock import CONFIRMED, LONGEST_PAUSE, ClockWatch, passing_s
from db.maintenance.retention import GIGABYTE, carry_out, plan
from db.store.session import Database
from db.users import trail
from engine.domain.inspection import Outcome
from engine.settings import Retention
from tests.db.make import START, inspection, pixels

DAY = 86_400.0
KEEP = Retention(days=90)
NOW = START + timedelta(days=100)


def store(db: Database, *days: float) -> None:
    """An archived part for each number of days after START, in this order."""
    for day in days:
        part = inspection(int(day * 1000) % 2**31, Outcome.NG, seconds=day * DAY)
        add(db, [NewInspection(part, *db.archive.save(part.id, part.frame.captured_at, pixels(1), None))])


def every(step: int, first: int, last: int) -> list[float]:
    return [float(day) for day in range(first, last + 1, step)]


def left(db: Database, now: datetime, *, sure: bool = False, retention: Retention = KEEP) -> int:
    planned = plan(db, retention, now, sure=sure).pictures
    removed = carry_out(db, retention, now, "ann", sure=sure)
    assert removed.pictures == planned
    return removed.pictures


@pytest.mark.parametrize("step", [1, 3, 20, 31])
def test_pictures_leave_while_parts_are_on_record_all_along(db: Database, step: int) -> None:
    store(db, *every(step, 0, 100))
    assert left(db, NOW) == len(every(step, 0, 9))


@pytest.mark.parametrize(
    "ahead", [timedelta(days=32), timedelta(days=400), timedelta(days=365 * 12), timedelta(days=80_000)]
)
def test_clock_that_is_far_ahead_removes_nothing(db: Database, ahead: timedelta) -> None:
    store(db, *every(3, 0, 100))
    assert left(db, NOW + ahead) == 0
    removed = carry_out(db, KEEP, NOW + ahead, "ann")
    assert removed.doubt is not None and "the clock may have jumped" in removed.doubt.message
    assert trail.entries(db) == ()


def test_parts_judged_while_the_clock_is_ahead_do_not_confirm_it(db: Database) -> None:
    store(db, *every(3, 0, 99), 4000, 4001, 4002)
    assert left(db, START + timedelta(days=4002.5)) == 0


def test_clock_that_came_back_leaves_parts_in_the_future_and_removes_nothing(db: Database) -> None:
    store(db, *every(3, 0, 99), 4000)
    removed = carry_out(db, KEEP, NOW, "ann")
    assert removed.pictures == 0 and removed.doubt is not None
    assert "Parts of 2037-02-11 are on record, but the clock says 2026-06-09" in removed.doubt.message


def test_parts_judged_while_the_clock_was_far_behind_stay_too(db: Database) -> None:
    store(db, *every(3, 0, 99), -2000, -1999)
    assert left(db, NOW) == 0


def test_clock_that_is_behind_by_hours_or_a_second_program_does_not_matter(db: Database) -> None:
    store(db, *every(3, 0, 99), 100.9)
    assert left(db, NOW) == 4


def test_person_who_is_sure_takes_the_clocks_word_from_then_on(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store(db, *every(3, 0, 99), 200, 201)
    now = START + timedelta(days=201.5)
    assert left(db, now) == 0
    monkeypatch.setattr(trail, "utc_now", lambda: now)
    assert left(db, now, sure=True) == 34
    assert CONFIRMED in [entry.what for entry in trail.entries(db)]
    store(db, *every(10, 211, 301))
    assert left(db, START + timedelta(days=301)) == 2, "what was confirmed is not asked again"
    assert left(db, START + timedelta(days=900)) == 0, "a new jump is"


def test_size_limit_holds_whatever_the_clock_says(db: Database) -> None:
    store(db, *every(3, 0, 9))
    total = plan(db, Retention(), NOW).kept_bytes
    both = Retention(days=90, gigabytes=0.6 * total / GIGABYTE)
    assert left(db, NOW + timedelta(days=4000), retention=both) == 2


def test_nothing_is_doubted_where_no_picture_is_old_or_none_has_to_leave(db: Database) -> None:
    store(db, 0)
    far = START + LONGEST_PAUSE + timedelta(days=1)
    assert plan(db, KEEP, far).doubt is None and plan(db, Retention(), far).doubt is None
    assert plan(db, Retention(days=5), far).doubt is not None


@pytest.mark.parametrize("jump", [timedelta(days=2), timedelta(days=20), -timedelta(days=2), timedelta(days=4000)])
def test_clock_that_is_set_while_the_program_runs_is_not_believed_until_it_is_set_back(jump: timedelta) -> None:
    passed = 0.0
    watch = ClockWatch(lambda: passed)
    assert watch.doubt(NOW) is None
    passed = 3600.0
    hour = NOW + timedelta(hours=1)
    why_not = watch.doubt(hour + jump)
    assert why_not is not None and f"from 2026-06-09 to {hour + jump:%Y-%m-%d}" in why_not.message
    assert watch.doubt(hour + jump) is not None, "the next hour is no better"
    assert watch.doubt(hour) is None


def test_clock_that_goes_on_for_long_is_believed() -> None:
    passed = 0.0
    watch = ClockWatch(lambda: passed)
    for day in range(0, 1000, 50):
        passed = day * DAY
        assert watch.doubt(NOW + timedelta(days=day, hours=day % 23)) is None
    assert passing_s() <= passing_s()
