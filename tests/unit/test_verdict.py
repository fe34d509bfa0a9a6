"""Bands, reasons, and what is never OK."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain import Outcome, Prediction, Region, Scores
from engine.product import Limits, Recipe
from engine.verdict import decide

RECIPE = Recipe("r", 1, ("ok",), Limits(0.5, 0.3, 0.7))


def scored(p: float, regions: tuple[Region, ...] = ()) -> Prediction:
    return Prediction(Scores(("ok", "scratch", "pit"), (1 - p, p * 0.75, p * 0.25)), regions)


@pytest.mark.parametrize(
    ("p", "outcome", "label"),
    [
        (0.0, Outcome.OK, "ok"),
        (0.29, Outcome.OK, "ok"),
        (0.31, Outcome.REVIEW, "ok"),
        (0.55, Outcome.REVIEW, "scratch"),
        (0.71, Outcome.NG, "scratch"),
        (1.0, Outcome.NG, "scratch"),
    ],
)
def test_score_falls_into_its_band(p: float, outcome: Outcome, label: str) -> None:
    verdict = decide(scored(p), RECIPE)
    assert (verdict.outcome, verdict.label) == (outcome, label)
    assert f"{p:.2f}" in verdict.reasons[0]


def test_without_a_band_the_threshold_itself_is_ng() -> None:
    recipe = replace(RECIPE, limits=Limits(0.5, 0.5, 0.5))
    assert decide(scored(0.5), recipe).outcome is Outcome.NG
    assert decide(scored(0.4999), recipe).outcome is Outcome.OK


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_give_no_verdict(bad: float) -> None:
    assert decide(Prediction(Scores(("ok", "scratch"), (1.0, bad))), RECIPE).outcome is Outcome.NO_VERDICT


def test_no_scores_give_no_verdict() -> None:
    assert decide(Prediction(Scores((), ())), RECIPE).outcome is Outcome.NO_VERDICT


def test_model_without_a_sound_class_never_says_ok() -> None:
    recipe = replace(RECIPE, ok_classes=())
    sure = decide(Prediction(Scores(("a", "b"), (0.9, 0.1))), recipe)
    unsure = decide(Prediction(Scores(("a", "b"), (0.4, 0.3))), recipe)
    assert (sure.outcome, sure.label) == (Outcome.NG, "a")
    assert unsure.outcome is Outcome.REVIEW


def test_regions_below_the_minimum_area_do_not_count() -> None:
    small = Region("scratch", 0.9, (0, 0, 5, 5), 25.0)
    recipe = replace(RECIPE, limits=Limits(0.5, 0.5, 0.5, min_area_px=100.0, mm_per_px=0.1))
    verdict = decide(scored(0.9, (small,)), recipe)
    assert verdict.outcome is Outcome.OK
    assert verdict.reasons == ("largest region 0.25 mm² < 1.00 mm²",)
    large = replace(small, area_px=400.0)
    assert decide(scored(0.9, (small, large)), recipe).outcome is Outcome.NG
    assert decide(scored(0.9), recipe).outcome is Outcome.NG, "no region at all: the score decides"
