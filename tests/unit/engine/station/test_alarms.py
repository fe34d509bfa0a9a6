"""Alarms from the line's own results: when they call, when they stay quiet, and when they call again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.inspection import (
    Box,
    FrameRef,
    Inspection,
    ModelRef,
    Outcome,
    RecipeRef,
    Region,
    Scores,
    Times,
    Traveller,
    Verdict,
    new_id,
    utc_now,
)
from engine.settings import AlarmRules
from engine.station.alarms import AlarmKind, AlarmWatch, same_place

OK, NG, REVIEW, NO_VERDICT = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT
SIZE = (480, 640)
OFF = AlarmRules(ng_in_row=0, ng_rate=0.0, same_place=0)


def part(outcome: Outcome, *boxes: Box, size: tuple[int, int] = SIZE) -> Inspection:
    """One inspection with defects in these boxes."""
    at = utc_now()
    regions = tuple(Region("scratch", 0.9, box, float(box[2] * box[3])) for box in boxes)
    return Inspection(
        id=new_id(at),
        frame=FrameRef("demo:", 1, at, "", *size),
        scores=Scores(("ok", "scratch"), (0.1, 0.9)),
        regions=regions,
        verdict=Verdict(outcome, "scratch", 0.9, ()),
        model=ModelRef("m", "1"),
        recipe=RecipeRef("r", 1, "0"),
        traveller=Traveller(),
        times=Times(at),
    )


def kinds(rules: AlarmRules, *outcomes: Outcome) -> list[list[AlarmKind]]:
    """What each of these parts sets off."""
    watch = AlarmWatch(rules)
    return [[alarm.kind for alarm in watch.take(part(outcome))] for outcome in outcomes]


def test_ng_in_a_row_call_once_and_again_after_a_good_part() -> None:
    rules = OFF.model_copy(update={"ng_in_row": 3})
    called = [bool(found) for found in kinds(rules, NG, NG, NG, NG, NG, OK, NG, NG, NG)]
    assert called == [False, False, True, False, False, False, False, False, True]


def test_no_verdict_neither_counts_nor_resets() -> None:
    rules = OFF.model_copy(update={"ng_in_row": 3})
    assert [bool(found) for found in kinds(rules, NG, NO_VERDICT, NG, NO_VERDICT, NG)] == [False] * 4 + [True]
    assert not any(kinds(rules, NO_VERDICT, NO_VERDICT, NO_VERDICT, NO_VERDICT))


def test_parts_nobody_taught_call_whatever_their_verdict_and_are_no_ng() -> None:
    rules = AlarmRules(ng_in_row=3, ng_rate=0.2, rate_parts=5, same_place=3, unknown=3, unknown_parts=4)
    watch, strange = AlarmWatch(rules), Verdict(REVIEW, "", 0.99, ("unknown part",), unknown=True)
    found = []
    for verdict in (strange, replace(strange, outcome=NO_VERDICT), Verdict(OK, "ok", 0.0, ()), strange, strange):
        found.append([(a.kind, a.count, a.among) for a in watch.take(replace(part(OK, (9, 9, 9, 9)), verdict=verdict))])
    assert found == [[], [], [], [(AlarmKind.UNKNOWN, 3, 4)], []], "once, and nothing else"
    assert not AlarmWatch(OFF.model_copy(update={"unknown": 0})).take(replace(part(OK), verdict=strange))


def test_review_ends_a_row() -> None:
    assert not any(kinds(OFF.model_copy(update={"ng_in_row": 2}), NG, REVIEW, NG, REVIEW, NG))


def test_rate_needs_a_whole_window_and_calls_above_the_limit_only() -> None:
    rules = OFF.model_copy(update={"ng_rate": 0.3, "rate_parts": 10})
    exactly = [NG, NG, NG] + [OK] * 7
    assert not any(kinds(rules, *exactly))
    watch = AlarmWatch(rules)
    found = [alarm for outcome in [NG] * 4 + [OK] * 6 for alarm in watch.take(part(outcome))]
    assert [(alarm.kind, alarm.count, alarm.among) for alarm in found] == [(AlarmKind.RATE, 4, 10)]
    # It stays above for a while, falls to the limit, and rises again.
    later = [[a.count for a in watch.take(part(o))] for o in (OK, NG, NG, NG, NG)]
    assert later == [[], [], [], [], [4]]


def test_a_defect_that_stays_in_place_calls_and_one_that_wanders_does_not() -> None:
    rules = OFF.model_copy(update={"same_place": 3})
    watch = AlarmWatch(rules)
    staying = [(100, 100, 20, 10), (104, 97, 18, 14), (98, 102, 24, 9)]
    assert [[a.kind for a in watch.take(part(NG, (400, 300, 30, 30), box))] for box in staying[:2]] == [[], []]
    last = watch.take(part(REVIEW, staying[2]))
    assert [(a.kind, a.count) for a in last] == [(AlarmKind.SAME_PLACE, 3)]
    wandering = AlarmWatch(rules)
    assert not any(wandering.take(part(NG, (100 + 120 * i, 100, 20, 10))) for i in range(4))


@pytest.mark.parametrize(
    "between", [part(OK, (100, 100, 20, 10)), part(NG), part(NG, (100, 100, 20, 10), size=(96, 128))]
)
def test_a_part_without_it_between_ends_the_same_place(between: Inspection) -> None:
    watch = AlarmWatch(OFF.model_copy(update={"same_place": 3}))
    here = (100, 100, 20, 10)
    parts = [part(NG, here), part(NG, here), between, part(NG, here), part(NG, here)]
    assert not any(watch.take(one) for one in parts)
    assert watch.take(part(NG, here))


def test_all_off_calls_never_and_rules_may_change_while_it_watches() -> None:
    watch = AlarmWatch(OFF)
    assert not any(watch.take(part(NG, (1, 1, 9, 9))) for _ in range(60))
    watch.rules = OFF.model_copy(update={"ng_in_row": 5})
    assert [alarm.count for alarm in watch.take(part(NG))] == [61]


def test_places_are_compared_by_overlap_or_by_centre() -> None:
    assert same_place((0, 0, 100, 100), (40, 0, 100, 100), SIZE)
    assert same_place((300, 200, 4, 4), (290, 190, 24, 24), SIZE)
    assert not same_place((0, 0, 40, 40), (100, 0, 40, 40), SIZE)


def test_another_product_begins_anew() -> None:
    watch = AlarmWatch(OFF.model_copy(update={"ng_in_row": 2}))
    other = RecipeRef("other", 1, "1")
    parts = [part(NG), replace(part(NG), recipe=other), replace(part(NG), recipe=other), part(NG), part(NG)]
    assert [len(watch.take(one)) for one in parts] == [0, 0, 1, 0, 1]


def test_a_part_without_a_verdict_of_another_product_ends_the_row_too() -> None:
    watch = AlarmWatch(OFF.model_copy(update={"ng_in_row": 2}))
    parts = [part(NG), replace(part(NO_VERDICT), recipe=RecipeRef("other", 1, "1")), part(NG), part(NG)]
    assert [len(watch.take(one)) for one in parts] == [0, 0, 0, 1]
