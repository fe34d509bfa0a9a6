"""Figures for reports, counted by the database, against parts counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from db.inspections import overrides
from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.statistics import figures as statistics
from db.statistics.figures import Scope
from db.store.session import Database
from engine.domain.inspection import Inspection, Origin, Outcome
from engine.statistics.buckets import Grouping
from tests.db import make

HOUR = 3600.0
OK, NG, REVIEW, NONE = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT


def scope(hours: float = 24.0, **filters: str) -> Scope:
    """From the first part on."""
    return Scope(make.START, make.START + timedelta(hours=hours), **filters)


def store(db: Database) -> list[Inspection]:
    """Two hours: six parts of lot L1 by model a, then four of lot L2 by model b."""
    first = [(OK, "L1", "a"), (OK, "L1", "a"), (NG, "L1", "a"), (NG, "L1", "a"), (REVIEW, "L1", "a"), (NONE, "L1", "a")]
    second = [(OK, "L2", "b"), (OK, "L2", "b"), (OK, "L2", "b"), (NG, "L2", "b")]
    made = []
    for hour, rows in enumerate((first, second)):
        for number, (outcome, lot, model) in enumerate(rows):
            label = {OK: "good", NONE: ""}.get(outcome, "dent" if number == 3 and hour else "scratch")
            regions = (make.SQUARE, make.SQUARE) if number == 2 else () if number == 3 else (make.SQUARE,)
            made.append(
                make.inspection(
                    10 * hour + number,
                    outcome,
                    seconds=hour * HOUR + number,
                    lot=lot,
                    model=model,
                    label=label,
                    regions=regions if outcome is NG else (),
                )
            )
    inspections.add(db, [NewInspection(m) for m in made])
    return made


def say(db: Database, part: Inspection, outcome: Outcome, label: str = "") -> None:
    """What a person said of a part."""
    overrides.add_override(db, make.override(part, outcome, label))


def test_hours_count_verdicts_yield_and_defects(db: Database) -> None:
    store(db)
    one, two = statistics.groups(db, scope(), Grouping.HOUR)
    assert (one.ok, one.ng, one.review, one.no_verdict, one.judged) == (2, 2, 1, 1, 5)
    assert (two.ok, two.ng, two.review, two.no_verdict, two.judged) == (3, 1, 0, 0, 4)
    assert one.first_pass == pytest.approx(2 / 5)
    assert two.final == pytest.approx(3 / 4)
    # Two regions on one NG part; one without a region counts as one.
    assert (one.defects, two.defects) == (3, 1)
    total = statistics.overall([one, two])
    assert (total.judged, total.ng, total.defects) == (9, 3, 4)


def test_final_yield_follows_the_overrides_in_force(db: Database) -> None:
    parts = store(db)
    say(db, parts[2], OK, "good")
    say(db, parts[0], NG, "scratch")
    say(db, parts[4], OK, "good")
    say(db, parts[5], OK, "good")
    say(db, parts[3], NG, "scratch")
    say(db, parts[6], NG, "dent")
    assert overrides.undo_last(db, "ann", make.START + timedelta(hours=2)) is not None
    one, two = statistics.groups(db, scope(), Grouping.HOUR)
    # 2 OK − 1 + 3 gained, of 5 judged by the station and one by a person.
    assert (one.final_ok, one.final_judged) == (4, 6)
    assert one.overridden == 5
    assert one.disagreed == 3, "the confirmation agrees; the part without a verdict is not overruled"
    assert (two.overridden, two.final_ok) == (0, 3), "what was undone does not count"


@pytest.mark.parametrize(
    ("grouping", "names"), [(Grouping.LOT, ["L1", "L2"]), (Grouping.MODEL, ["a", "b"]), (Grouping.RECIPE, ["plate"])]
)
def test_groups_by_name_count_the_same_parts(db: Database, grouping: Grouping, names: list[str]) -> None:
    parts = store(db)
    say(db, parts[2], OK, "good")
    found = statistics.groups(db, scope(), grouping)
    assert [group.name for group in found] == names
    total = statistics.overall(found)
    by_hour = statistics.overall(statistics.groups(db, scope(), Grouping.HOUR))
    assert total == by_hour
    assert (total.final_ok, total.disagreed) == (6, 1)


@pytest.mark.parametrize("grouping", list(Grouping))
def test_filters_hold_for_every_grouping(db: Database, grouping: Grouping) -> None:
    parts = store(db)
    say(db, parts[9], OK, "good")
    for filters in ({"lot": "L2"}, {"model": "b"}, {"recipe": "plate", "lot": "L2"}, {"lot": "L2", "model": "b"}):
        total = statistics.overall(statistics.groups(db, scope(**filters), grouping))
        assert (total.ok, total.ng, total.judged, total.final_ok, total.defects) == (3, 1, 4, 4, 1)
    assert statistics.groups(db, scope(lot="nowhere"), grouping) == ()


def test_period_ends_before_its_last_moment(db: Database) -> None:
    store(db)
    (group,) = statistics.groups(db, scope(hours=1), Grouping.DAY)
    assert group.judged == 5
    assert statistics.groups(db, Scope(make.START - timedelta(days=2), make.START), Grouping.DAY) == ()


def test_counting_stops_when_asked(db: Database) -> None:
    store(db)
    assert statistics.groups(db, scope(), Grouping.HOUR, stopped=lambda: True) == ()


def test_pareto_counts_the_stations_classes_and_the_inspectors(db: Database) -> None:
    parts = store(db)
    assert [(d.label, d.station, d.final) for d in statistics.defects(db, scope())] == [
        ("scratch", 2, 2),
        ("dent", 1, 1),
    ]
    say(db, parts[2], NG, "hole")
    say(db, parts[3], OK, "good")
    say(db, parts[0], NG, "dent")
    assert [(d.label, d.station, d.final) for d in statistics.defects(db, scope())] == [
        ("dent", 1, 2),
        ("hole", 0, 1),
        ("scratch", 2, 0),
    ]


def test_agreement_is_the_table_of_ok_and_ng_with_kappa(db: Database) -> None:
    parts = store(db)
    for part, outcome in zip((parts[0], parts[1], parts[2], parts[3]), (OK, NG, NG, NG), strict=True):
        say(db, part, outcome, "scratch" if outcome is NG else "good")
    say(db, parts[4], NG, "scratch")
    found = statistics.agreement(db, scope(), judged=9)
    assert (found.ok_ok, found.ok_ng, found.ng_ok, found.ng_ng, found.unsure) == (1, 1, 0, 2, 1)
    assert found.compared == 4
    assert found.disagreed == 2
    assert sum(found.told[0]) + sum(found.told[1]) == found.compared
    assert sum(map(sum, found.told)) == found.compared + found.unsure, "all four verdicts are in the table"
    # Observed 3/4; expected (2·1 + 2·3) / 16 = 1/2.
    assert found.kappa == pytest.approx(0.5)
    low, high = found.kappa_range
    assert low < 0.5 < high <= 1.0


def test_positions_are_the_centres_of_boxes_as_shares_of_the_frame(db: Database) -> None:
    store(db)
    found = statistics.positions(db, scope())
    assert found.parts == 3
    # Box 10, 8, 6×5 in a frame of 48×32.
    assert found.points.ravel() == pytest.approx([13 / 48, 10.5 / 32] * 2)
    assert found.aspect == pytest.approx(1.5)
    assert statistics.positions(db, scope(), limit=1).points.shape == (0, 2), "the newest NG part has no region"
    assert statistics.positions(db, scope(lot="nowhere")).parts == 0


def test_choices_are_the_newest_first(db: Database) -> None:
    store(db)
    found = statistics.choices(db)
    assert (found.lots, found.recipes, found.models) == (("L2", "L1"), ("plate",), ("b", "a"))
    assert statistics.choices(db, limit=1).lots == ("L2",)


def test_only_what_is_asked_for_is_counted_and_the_rest_is_told(db: Database) -> None:
    store(db)
    others = [
        make.inspection(90, NG, seconds=5.0, lot="L1", model="a", origin=Origin.SCAN),
        make.inspection(91, OK, seconds=6.0, lot="L1", model="a", origin=Origin.SIMULATED),
        make.inspection(92, NG, seconds=7.0, lot="L2", model="a", origin=Origin.UNKNOWN),
    ]
    inspections.add(db, [NewInspection(other) for other in others])
    say(db, others[0], OK, "good")
    production = replace(scope(), origins=frozenset({Origin.PRODUCTION}))
    both = replace(scope(), origins=frozenset({Origin.PRODUCTION, Origin.UNKNOWN}))
    for grouping in Grouping:
        total = statistics.overall(statistics.groups(db, production, grouping))
        assert (total.ok, total.ng, total.review, total.no_verdict, total.final_ok, total.defects) == (5, 3, 1, 1, 5, 4)
        assert statistics.overall(statistics.groups(db, scope(), grouping)).ng == 5
        assert statistics.overall(statistics.groups(db, both, grouping)).ng == 4
    assert [(d.label, d.station) for d in statistics.defects(db, production)] == [("scratch", 2), ("dent", 1)]
    assert statistics.positions(db, production).parts == 3
    assert statistics.agreement(db, production, 9).ng_ok == 0
    assert statistics.agreement(db, scope(), 12).ng_ok == 1
    assert statistics.by_origin(db, production) == {
        Origin.PRODUCTION: 10, Origin.SCAN: 1, Origin.SIMULATED: 1, Origin.UNKNOWN: 1
    }  # fmt: skip
    assert statistics.by_origin(db, scope(lot="L2")) == {Origin.PRODUCTION: 4, Origin.UNKNOWN: 1}
