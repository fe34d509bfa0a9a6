"""What a report counts, which views are out of date, and why one shows nothing; without a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from db.inspections.audits import AuditEstimate
from db.statistics.figures import Agreement, DefectCount, Group, Positions, Scope, ScopeChoices
from engine.domain.inspection import Origin
from engine.statistics.buckets import Grouping
from gui.pages.reports.figures import Ask, FigurePart
from gui.pages.reports.presenter import ReportsPresenter
from gui.pages.reports.words import VIEWS

ASK = Ask(Scope(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)), Grouping.DAY, ("06:00",))
GROUP = Group(ok=8, ng=2)


@pytest.fixture
def rules() -> ReportsPresenter:
    return ReportsPresenter()


@pytest.fixture
def counted(rules: ReportsPresenter) -> ReportsPresenter:
    """With groups on record, and still counting."""
    rules.begin(ASK)
    rules.take(FigurePart("groups", (GROUP,)))
    return rules


def estimate(*one_in: int) -> AuditEstimate:
    return AuditEstimate(4, 0, None, None, one_in)


def test_what_is_not_counted_is_said_and_where_all_is_nothing_is(rules: ReportsPresenter) -> None:
    production = replace(ASK, scope=replace(ASK.scope, origins=frozenset({Origin.PRODUCTION})))
    rules.begin(production)
    assert rules.counted_words() == ""
    rules.take(FigurePart("origins", {Origin.PRODUCTION: 7, Origin.SCAN: 510, Origin.UNKNOWN: 397}))
    said = rules.counted_words()
    assert said == "Counted: Production. Not counted in this period: Scan 510 · Not recorded (before 0.2) 397."
    rules.take(FigurePart("groups", ()))
    assert "Choose above what to count" in rules.why_empty("yield")
    rules.begin(ASK)
    rules.take(FigurePart("origins", {Origin.SCAN: 510}))
    assert rules.counted_words() == "Counted: Everything."


def test_nothing_is_exported_before_everything_is_counted(counted: ReportsPresenter) -> None:
    assert counted.exportable is None
    counted.end()
    assert not counted.counting
    assert counted.exportable is counted.figures is not None


def test_an_empty_period_is_not_exported(rules: ReportsPresenter) -> None:
    rules.end()
    assert rules.exportable is None
    rules.begin(ASK)
    rules.end()
    assert rules.exportable is None
    rules.take(FigurePart("groups", ()))
    assert rules.exportable is None


def test_what_can_be_filtered_by_and_what_waits_are_no_figures(counted: ReportsPresenter) -> None:
    before, choices = counted.figures, ScopeChoices(("L1",), (), ())
    assert counted.take(FigurePart("choices", choices)) is choices
    assert counted.take(FigurePart("waiting", 3)) is None
    assert counted.exportable is None
    assert counted.waiting == 3 and counted.figures is before


def test_figures_before_a_count_are_of_nobody(rules: ReportsPresenter) -> None:
    assert rules.take(FigurePart("groups", (GROUP,))) is None
    assert rules.figures is None and rules.to_draw("yield") is None


def test_groups_put_every_view_out_of_date_and_each_is_drawn_once(counted: ReportsPresenter) -> None:
    for view in VIEWS:
        assert counted.to_draw(view) is counted.figures
        assert counted.to_draw(view) is None


@pytest.mark.parametrize(
    ("name", "value", "view"),
    [
        ("defects", (DefectCount("dent", 2, 2),), "defects"),
        ("agreement", Agreement(1), "agreement"),
        ("audits", estimate(100), "audits"),
        ("positions", Positions(np.zeros((1, 2)), 1, 1.0), "positions"),
    ],
)
def test_a_figure_puts_its_own_view_out_of_date(rules: ReportsPresenter, name: str, value: object, view: str) -> None:
    rules.begin(ASK)
    rules.take(FigurePart("groups", (Group(ok=8, ng=2, overridden=1),)))
    for shown in VIEWS:
        rules.to_draw(shown)
    rules.take(FigurePart(name, value))
    assert [shown for shown in VIEWS if rules.to_draw(shown) is not None] == [view]


def test_a_view_with_nothing_to_show_stays_out_of_date_until_it_has(counted: ReportsPresenter) -> None:
    counted.take(FigurePart("defects", ()))
    assert counted.to_draw("defects") is None
    counted.take(FigurePart("defects", (DefectCount("dent", 2, 2),)))
    assert counted.to_draw("defects") is counted.figures


def test_why_a_view_is_empty_is_said(rules: ReportsPresenter) -> None:
    assert rules.why_empty("yield") == ""
    rules.begin(ASK)
    assert rules.why_empty("yield") == "Counting…"
    rules.end()
    assert rules.why_empty("yield") == ""
    rules.take(FigurePart("groups", ()))
    assert rules.why_empty("yield").startswith("Nothing was inspected in this period.")
    rules.take(FigurePart("groups", (GROUP,)))
    assert [rules.why_empty(view) for view in VIEWS] == [""] * 6
    rules.take(FigurePart("defects", ()))
    rules.take(FigurePart("agreement", Agreement()))
    rules.take(FigurePart("positions", Positions(np.zeros((0, 2)), 0, 1.0)))
    said = {view: rules.why_empty(view) for view in VIEWS}
    assert said["yield"] == said["control"] == said["audits"] == ""
    assert said["defects"] == "No part was NG in this period."
    assert said["agreement"].startswith("Nobody corrected or confirmed")
    assert said["positions"] == "No NG part of this period has a marked defect."


def test_corrected_parts_and_places_are_shown(counted: ReportsPresenter) -> None:
    counted.take(FigurePart("groups", (Group(ok=8, ng=2, overridden=1),)))
    counted.take(FigurePart("agreement", Agreement(1)))
    counted.take(FigurePart("positions", Positions(np.zeros((1, 2)), 1, 1.0)))
    assert counted.why_empty("agreement") == counted.why_empty("positions") == ""


def test_how_the_audits_stand_is_said(counted: ReportsPresenter) -> None:
    assert counted.waiting_words(0).startswith("No parts are drawn.")
    assert "1 OK part in 200 is drawn" in counted.waiting_words(200)
    counted.take(FigurePart("waiting", 2))
    assert "wait for an answer" in counted.waiting_words(200)
    counted.take(FigurePart("audits", estimate(100)))
    assert "several chances" not in counted.waiting_words(200)
    counted.take(FigurePart("audits", estimate(100, 50)))
    assert counted.waiting_words(200).endswith("Drawn at several chances (1 in 100, 50): choose a shorter period.")
