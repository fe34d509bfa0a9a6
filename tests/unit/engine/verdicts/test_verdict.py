"""Bands, reasons, and what is never OK."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.inspection import Outcome, Prediction, Quality, Region, Scores, Severity, Verdict
from engine.domain.recipe import ClassRule, Guard, Limits, Recipe
from engine.verdicts.verdict import decide, drifted, measured

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


CRACK = ClassRule("crack", Severity.CRITICAL, 0.2)


def kinds(ok: float, crack: float, scratch: float, stain: float, *, exclusive: bool = True) -> Prediction:
    return Prediction(Scores(("ok", "crack", "scratch", "stain"), (ok, crack, scratch, stain), exclusive))


def test_critical_class_is_ng_although_sound_is_likelier() -> None:
    verdict = decide(kinds(0.65, 0.31, 0.04, 0.0), replace(RECIPE, limits=Limits(), rules=(CRACK,)))
    assert (verdict.outcome, verdict.label) == (Outcome.NG, "crack")
    assert verdict.reasons[0] == "critical: crack 0.31 ≥ 0.20"
    assert decide(kinds(0.65, 0.31, 0.04, 0.0), replace(RECIPE, limits=Limits())).outcome is Outcome.OK


def test_critical_class_gives_the_label_although_another_defect_is_likelier() -> None:
    verdict = decide(kinds(0.05, 0.25, 0.7, 0.0), replace(RECIPE, rules=(CRACK,)))
    assert (verdict.outcome, verdict.label) == (Outcome.NG, "crack")
    assert "scratch 0.95 ≥ 0.50" in verdict.reasons
    assert verdict.score == pytest.approx(0.95)


def test_critical_band_is_review_with_the_critical_label() -> None:
    rule = replace(CRACK, review_from=0.1, review_to=0.2)
    verdict = decide(kinds(0.85, 0.15, 0.0, 0.0), replace(RECIPE, limits=Limits(), rules=(rule,)))
    assert (verdict.outcome, verdict.label) == (Outcome.REVIEW, "crack")
    assert verdict.reasons[0] == "critical: crack 0.15 lies between 0.10 and 0.20"


def test_critical_class_without_a_limit_of_its_own_takes_the_recipes() -> None:
    recipe = replace(RECIPE, limits=Limits(0.5, 0.3, 0.9), rules=(ClassRule("crack", Severity.CRITICAL),))
    assert decide(kinds(0.45, 0.55, 0.0, 0.0), recipe).outcome is Outcome.NG, "no band over the limit"
    assert decide(kinds(0.45, 0.0, 0.55, 0.0), recipe).outcome is Outcome.REVIEW


def test_critical_region_counts_however_small() -> None:
    tiny = Region("crack", 0.9, (0, 0, 2, 2), 4.0)
    recipe = replace(RECIPE, limits=Limits(min_area_px=100.0), rules=(CRACK,))
    assert decide(replace(kinds(0.1, 0.9, 0.0, 0.0), regions=(tiny,)), recipe).outcome is Outcome.NG
    other = replace(kinds(0.1, 0.0, 0.9, 0.0), regions=(replace(tiny, label="scratch"),))
    assert decide(other, recipe).outcome is Outcome.OK


def test_major_class_is_ng_from_its_own_lower_limit() -> None:
    recipe = replace(RECIPE, limits=Limits(), rules=(ClassRule("scratch", ng_at=0.3, review_from=0.2, review_to=0.3),))
    ng, review = decide(kinds(0.6, 0.0, 0.4, 0.0), recipe), decide(kinds(0.75, 0.0, 0.25, 0.0), recipe)
    assert (ng.outcome, ng.label, ng.reasons[0]) == (Outcome.NG, "scratch", "major: scratch 0.40 ≥ 0.30")
    assert (review.outcome, review.label) == (Outcome.REVIEW, "ok")
    assert decide(kinds(0.6, 0.0, 0.0, 0.4), recipe).outcome is Outcome.OK


def test_major_class_with_a_higher_limit_still_counts_in_the_overall_score() -> None:
    recipe = replace(RECIPE, limits=Limits(), rules=(ClassRule("scratch", ng_at=0.9),))
    assert decide(kinds(0.4, 0.0, 0.3, 0.3), recipe).outcome is Outcome.NG


def test_minor_class_with_a_limit_is_judged_by_it_alone() -> None:
    recipe = replace(RECIPE, limits=Limits(), rules=(ClassRule("stain", Severity.MINOR, 0.9),))
    tolerated = decide(kinds(0.25, 0.0, 0.05, 0.7), recipe)
    assert (tolerated.outcome, tolerated.label) == (Outcome.OK, "ok")
    assert tolerated.reasons == ("defect 0.05 < 0.50", "minor: stain 0.70 < 0.90")
    assert tolerated.score == pytest.approx(0.75), "the defect score means the same everywhere"
    heavy = decide(kinds(0.05, 0.0, 0.0, 0.95), recipe)
    assert (heavy.outcome, heavy.label) == (Outcome.NG, "stain")


def test_class_has_its_own_smallest_area() -> None:
    spot = Region("scratch", 0.9, (0, 0, 10, 10), 100.0)
    recipe = replace(RECIPE, limits=Limits(), rules=(ClassRule("scratch", min_area_px=400.0),))
    small, large = replace(scored(0.9), regions=(spot,)), replace(scored(0.9), regions=(replace(spot, area_px=400.0),))
    assert decide(small, recipe).reasons == ("largest region 100 px² < 400 px²",)
    assert decide(large, recipe).outcome is Outcome.NG


def test_own_limit_of_a_class_needs_a_region_large_enough_where_it_has_regions() -> None:
    spots = (Region("scratch", 0.9, (0, 0, 2, 2), 4.0), Region("pit", 0.9, (0, 0, 30, 30), 900.0))
    rules = (ClassRule("scratch", ng_at=0.2, min_area_px=10.0),)
    recipe = replace(RECIPE, limits=Limits(), rules=rules)
    assert decide(replace(scored(0.4), regions=spots), recipe).outcome is Outcome.OK
    assert decide(replace(scored(0.4), regions=spots[1:]), recipe).outcome is Outcome.NG


def test_more_regions_than_allowed_are_ng_whatever_the_score() -> None:
    spots = tuple(Region("pit", 0.6, (9 * i, 0, 5, 5), 25.0 + i) for i in range(4))
    overall = decide(replace(scored(0.1), regions=spots), replace(RECIPE, limits=Limits(max_regions=3)))
    assert (overall.outcome, overall.label, overall.reasons[0]) == (Outcome.NG, "pit", "4 regions > 3 allowed")
    of_class = replace(RECIPE, limits=Limits(), rules=(ClassRule("pit", Severity.MINOR, max_regions=2),))
    assert decide(replace(scored(0.1), regions=spots), of_class).reasons[0] == "minor: 4 regions of pit > 2 allowed"
    too_small = replace(RECIPE, limits=Limits(max_regions=3, min_area_px=26.0))
    assert decide(replace(scored(0.1), regions=spots), too_small).outcome is Outcome.OK, "three of them count"


GUARD = Guard((41.0, 190.0), 8.0, 0.3, 0.05)
FIT = Quality(100.0, 30.0, 0.5, 0.01)
UNKNOWN = "unknown part: unlike everything the model was taught, novelty 1.73 > 1.00"


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (replace(FIT, brightness=3.2), "the picture is too dark: brightness 3 < 41 (lens cap, light off?)"),
        (replace(FIT, brightness=40.8), "the picture is too dark: brightness 40.8 < 41.0 (lens cap, light off?)"),
        (replace(FIT, brightness=220.0), "the picture is too bright: brightness 220 > 190 (exposure, stray light?)"),
        (replace(FIT, contrast=2.0), "the picture is flat: contrast 2.0 < 8.0 (no part, fog?)"),
        (replace(FIT, sharpness=0.1), "the picture is blurred: sharpness 0.100 < 0.300 (focus, motion?)"),
        (replace(FIT, clipped=0.62), "the picture is over-exposed: 62 % of it is white > 5 %"),
    ],
)
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_picture_outside_the_guard_gets_no_verdict_in_words(quality: Quality, said: str, p: float) -> None:
    verdict = decide(replace(scored(p), quality=quality), replace(RECIPE, guard=GUARD))
    assert (verdict.outcome, verdict.reasons) == (Outcome.NO_VERDICT, (said,))
    assert decide(replace(scored(p), quality=FIT), replace(RECIPE, guard=GUARD)).outcome is not Outcome.NO_VERDICT


def test_every_fault_of_a_picture_is_named() -> None:
    verdict = decide(replace(scored(0.0), quality=Quality(0.0, 0.0, 0.0, 0.0)), replace(RECIPE, guard=GUARD))
    assert [reason.split(":")[0] for reason in verdict.reasons] == [
        "the picture is too dark",
        "the picture is flat",
        "the picture is blurred",
    ]


def test_doubt_of_the_prediction_comes_before_its_scores() -> None:
    verdict = decide(Prediction(Scores((), ()), doubt="the part was not found"), RECIPE)
    assert (verdict.outcome, verdict.reasons) == (Outcome.NO_VERDICT, ("the part was not found",))


@pytest.mark.parametrize(("on", "outcome"), [("REVIEW", Outcome.REVIEW), ("NO VERDICT", Outcome.NO_VERDICT)])
def test_unknown_part_is_not_ok(on: str, outcome: Outcome) -> None:
    recipe = replace(RECIPE, guard=Guard(novelty_max=1.0, on_novelty=Outcome(on)))
    verdict = decide(replace(scored(0.0), novelty=1.73), recipe)
    assert (verdict.outcome, verdict.label, verdict.unknown) == (outcome, "", True)
    assert verdict.reasons == (UNKNOWN,)
    usual = decide(replace(scored(0.0), novelty=1.0), recipe)
    assert (usual.outcome, usual.unknown) == (Outcome.OK, False)
    assert decide(replace(scored(0.0), novelty=float("nan")), recipe).outcome is Outcome.NO_VERDICT


def test_no_class_is_said_of_an_unknown_part_not_even_a_critical_one() -> None:
    spot = Region("crack", 0.9, (0, 0, 9, 9), 81.0)
    recipe = replace(RECIPE, limits=Limits(max_regions=0), rules=(CRACK,), guard=Guard(novelty_max=1.0))
    part = replace(kinds(0.0, 1.0, 0.0, 0.0), regions=(spot,))
    assert decide(part, recipe).outcome is Outcome.NG
    verdict = decide(replace(part, novelty=1.73), recipe)
    assert verdict == Verdict(Outcome.REVIEW, "", 1.0, (UNKNOWN,), unknown=True)


OTHER = Quality(120.0, 30.0, 0.1, 0.0, edges=1.2)
"""A sharp picture of a smooth part."""
DARK_TILE = Quality(20.0, 6.0, 1.6, 0.0, edges=2.8)
"""A part that is dark by itself, of finer grain than those taught."""


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (replace(FIT, contrast=6.0), "the picture has less contrast than those taught: contrast 6.0 < 8.0"),
        (replace(FIT, brightness=220.0), "the picture is brighter than those taught: brightness 220 > 190"),
        (replace(FIT, brightness=30.0), "the picture is darker than those taught: brightness 30 < 41"),
        (DARK_TILE, "the picture is darker than those taught: brightness 20 < 41"),
    ],
)
def test_a_good_picture_of_another_part_is_unknown_and_no_cause_is_made_up(quality: Quality, said: str) -> None:
    recipe = replace(RECIPE, guard=replace(GUARD, novelty_max=1.0))
    verdict = decide(replace(scored(1.0), quality=quality, novelty=1.73), recipe)
    assert (verdict.outcome, verdict.label, verdict.score, verdict.unknown) == (Outcome.NO_VERDICT, "", 0.0, True)
    assert verdict.reasons[:2] == (UNKNOWN, said)
    assert not any("(" in reason for reason in verdict.reasons), "a cause stands in brackets"


def test_a_sharp_picture_of_a_smoother_part_is_not_blurred() -> None:
    recipe = replace(RECIPE, guard=replace(GUARD, novelty_max=1.0))
    verdict = decide(replace(scored(1.0), quality=OTHER, novelty=1.73), recipe)
    said = "the picture has less fine detail than those taught: sharpness 0.100 < 0.300"
    assert verdict == Verdict(Outcome.REVIEW, "", 1.0, (UNKNOWN, said), unknown=True)


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (replace(OTHER, edges=0.5), "the picture is blurred"),
        (replace(FIT, contrast=1.0), "the picture is flat"),
        (replace(FIT, brightness=20.0, contrast=6.0), "the picture is too dark"),
        (replace(DARK_TILE, sharpness=1.4), "the picture is too dark"),
        (replace(DARK_TILE, brightness=12.0), "the picture is too dark"),
        (replace(FIT, brightness=220.0, clipped=0.6), "the picture is too bright"),
    ],
)
def test_a_bad_picture_is_blamed_although_it_makes_the_part_look_unknown(quality: Quality, said: str) -> None:
    recipe = replace(RECIPE, guard=replace(GUARD, novelty_max=1.0))
    verdict = decide(replace(scored(1.0), quality=quality, novelty=1.73), recipe)
    assert (verdict.outcome, verdict.unknown) == (Outcome.NO_VERDICT, False)
    assert verdict.reasons[0].startswith(said)


def test_a_picture_in_focus_is_not_called_blurred_where_the_model_tells_no_novelty() -> None:
    verdict = decide(replace(scored(0.0), quality=OTHER), replace(RECIPE, guard=GUARD))
    said = "the picture has less fine detail than those taught: sharpness 0.100 < 0.300"
    assert verdict == Verdict(Outcome.NO_VERDICT, "", 0.0, (said,))


def test_many_labels_are_as_bad_as_the_largest_or_as_far_from_sound() -> None:
    recipe = replace(RECIPE, limits=Limits())
    worst = decide(kinds(0.9, 0.1, 0.6, 0.4, exclusive=False), recipe)
    assert (worst.outcome, worst.label, worst.score) == (Outcome.NG, "scratch", 0.6)
    unsound = decide(kinds(0.2, 0.1, 0.15, 0.0, exclusive=False), recipe)
    assert (unsound.outcome, unsound.score, unsound.reasons[0]) == (Outcome.NG, 0.8, "not ok 0.80 ≥ 0.50")
    assert decide(kinds(0.9, 0.3, 0.4, 0.4, exclusive=False), recipe).outcome is Outcome.OK, "shares are not summed"


def test_many_labels_without_a_sound_class_are_ok_when_none_reaches_its_limit() -> None:
    recipe = replace(RECIPE, ok_classes=(), limits=Limits(), rules=(ClassRule("b", ng_at=0.8),))
    both = Prediction(Scores(("a", "b"), (0.4, 0.7), exclusive=False))
    assert (decide(both, recipe).outcome, decide(both, recipe).label) == (Outcome.OK, "ok")
    assert decide(replace(both, scores=Scores(("a", "b"), (0.5, 0.7), exclusive=False)), recipe).label == "a"
    assert decide(replace(both, scores=Scores(("a", "b"), (0.4, 0.8), exclusive=False)), recipe).label == "b"


@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0), (0.9, 0.9, 0.0), (1.2, 0.0, -0.2), (-0.5, 0.0, 0.0)])
def test_scores_that_are_no_probabilities_give_no_verdict(values: tuple[float, float, float]) -> None:
    verdict = decide(Prediction(Scores(("ok", "scratch", "pit"), values)), RECIPE)
    assert verdict.outcome is Outcome.NO_VERDICT
    assert "not probabilities" in verdict.reasons[0]


def test_a_figure_and_its_limit_never_look_alike() -> None:
    assert decide(scored(0.4999), replace(RECIPE, limits=Limits())).reasons == ("defect 0.4999 < 0.5000",)


def test_tiny_region_of_a_critical_class_keeps_the_overall_score_in_force() -> None:
    tiny = Region("crack", 0.9, (0, 0, 2, 2), 4.0)
    recipe = replace(RECIPE, limits=Limits(min_area_px=100.0), rules=(CRACK,))
    verdict = decide(replace(kinds(0.2, 0.1, 0.7, 0.0), regions=(tiny,)), recipe)
    assert (verdict.outcome, verdict.label) == (Outcome.NG, "scratch")


def test_a_limit_below_its_band_is_not_ok() -> None:
    assert decide(scored(0.4), replace(RECIPE, limits=Limits(0.3))).outcome is Outcome.REVIEW
    assert decide(scored(0.6), replace(RECIPE, limits=Limits(0.7))).outcome is Outcome.REVIEW


def test_small_regions_make_nothing_ok_where_there_is_no_sound_class() -> None:
    tiny = Region("a", 0.9, (0, 0, 2, 2), 4.0)
    recipe = replace(RECIPE, ok_classes=(), limits=Limits(min_area_px=100.0))
    assert decide(Prediction(Scores(("a", "b"), (0.9, 0.1)), (tiny,)), recipe).outcome is Outcome.NG


def test_regions_are_measured_in_square_millimetres_where_the_scale_is_known() -> None:
    region = Region("scratch", 0.9, (0, 0, 10, 10), 80.0)
    found = scored(0.9, (region,))
    assert measured(found, RECIPE) == (region,)
    scaled = replace(RECIPE, limits=replace(RECIPE.limits, mm_per_px=0.5))
    assert [r.area_mm2 for r in measured(found, scaled)] == [pytest.approx(20.0)]
    assert measured(None, scaled) == ()


@pytest.mark.parametrize(
    ("outcome", "after", "reasons"),
    [
        (Outcome.OK, Outcome.REVIEW, ("darker", "why")),
        (Outcome.REVIEW, Outcome.REVIEW, ("why", "darker")),
        (Outcome.NG, Outcome.NG, ("why", "darker")),
        (Outcome.NO_VERDICT, Outcome.NO_VERDICT, ("why", "darker")),
    ],
)
def test_drifted_picture_is_never_ok(outcome: Outcome, after: Outcome, reasons: tuple[str, ...]) -> None:
    found = drifted(Verdict(outcome, "ok", 0.1, ("why",)), "darker")
    assert found == Verdict(after, "ok", 0.1, reasons)
