"""Alarms are only added to; what the Live page counts from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.inspections import table as inspections
from db.inspections.overrides import add_override, undo_last
from db.inspections.table import Counts, NewInspection
from db.statistics.tally import TallySpan, changes, corrected, tally
from db.store.session import Database
from db.users.alarms import StoredAlarm, acknowledge, add, list_alarms, unacknowledged
from engine.domain.inspection import Origin, Outcome, Override, new_id, utc_now
from tests.db.make import START, inspection

OK, NG, REVIEW, NO_VERDICT = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT


def alarm(number: int = 0) -> StoredAlarm:
    """One of several."""
    at = START + timedelta(minutes=number)
    return StoredAlarm(new_id(at), at, "in_row", f"5 NG in a row, {number}.", "L1", f"{number:024x}")


def test_alarms_wait_until_somebody_acknowledges_them(db: Database) -> None:
    first, second = alarm(1), alarm(2)
    add(db, first)
    add(db, first)
    add(db, second)
    assert unacknowledged(db) == (first, second)
    now = utc_now()
    assert acknowledge(db, first, "ann", now)
    assert unacknowledged(db) == (second,)
    newest, oldest = list_alarms(db)
    assert newest == second
    assert (oldest.acknowledged_by, oldest.acknowledged_at) == ("ann", now)


def test_second_acknowledgement_changes_nothing(db: Database) -> None:
    add(db, alarm(1))
    (waiting,) = unacknowledged(db)
    assert acknowledge(db, waiting, "ann", START)
    assert not acknowledge(db, waiting, "ben", utc_now())
    assert list_alarms(db)[0].acknowledged_by == "ann"


def test_acknowledgement_quicker_than_its_alarm_stores_both(db: Database) -> None:
    quick = alarm(1)
    acknowledge(db, quick, "ann", START)
    add(db, quick)
    assert [row.acknowledged_by for row in list_alarms(db)] == ["ann"]


@pytest.mark.parametrize("change", ["UPDATE alarms SET message = 'x'", "DELETE FROM alarms", "DELETE FROM alarm_acks"])
def test_database_refuses_to_change_alarms(db: Database, change: str) -> None:
    acknowledge(db, alarm(1), "ann", START)
    with pytest.raises(IntegrityError, match="only added to"), db.writing() as session:
        session.execute(text(change))
    assert len(list_alarms(db)) == 1


def say(db: Database, number: int, outcome: Outcome) -> None:
    """Somebody corrects a part."""
    now = utc_now()
    add_override(db, Override(new_id(now), f"{number:024x}", now, "ann", outcome, ""))


def test_tally_keeps_the_stations_verdicts_and_the_corrections_apart(db: Database) -> None:
    judged = (OK, OK, NG, NG, REVIEW, NO_VERDICT)
    inspections.add(db, [NewInspection(inspection(n, outcome)) for n, outcome in enumerate(judged)])
    inspections.add(
        db, [NewInspection(inspection(7, NG, lot="L2")), NewInspection(inspection(8, OK, origin=Origin.SCAN))]
    )
    say(db, 2, OK)
    say(db, 4, OK)
    say(db, 3, NG)
    say(db, 7, OK)
    span = TallySpan(lot="L1")
    found = tally(db, span, last=4)
    assert found.counts == Counts(ok=2, ng=2, review=1, no_verdict=1)
    assert found.changes == {(NG, OK): 1, (REVIEW, OK): 1}
    assert found.last == (OK, NG, NG, REVIEW)
    after = corrected(found.counts, found.changes)
    assert (after.ok, after.ng, after.review, after.yield_) == (4, 1, 0, 0.8)
    undo_last(db, "ann", utc_now())
    assert changes(db, TallySpan()) == {(NG, OK): 1, (REVIEW, OK): 1}


def test_shift_leaves_out_what_was_scanned_and_what_is_of_another_time(db: Database) -> None:
    inspections.add(db, [NewInspection(inspection(n, OK)) for n in range(4)])
    inspections.add(db, [NewInspection(inspection(10 + n, NG, origin=Origin.SCAN)) for n in range(3)])
    since, until = START + timedelta(seconds=1), START + timedelta(seconds=3)
    assert tally(db, TallySpan(since=since, until=until)).counts == Counts(ok=2)
    assert tally(db, TallySpan(since=since)).counts == Counts(ok=3)
    assert tally(db, TallySpan(since=since, origin=Origin.SCAN)).counts == Counts(ng=3)
