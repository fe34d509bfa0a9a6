"""What holds for every prediction and recipe: nothing broken is OK, and more evidence never makes a part better."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.domain.inspection import Outcome, Prediction, Quality, Region, Scores, Severity
from engine.domain.recipe import ClassRule, Guard, Limits, Recipe, without_bands
from engine.verdicts.verdict import decide

DEFECTS = ("crack", "scratch", "stain")
RANK = {Outcome.OK: 0, Outcome.REVIEW: 1, Outcome.NG: 2}
share = st.floats(0.0, 1.0)
positive = st.floats(0.0, 300.0)


@st.composite
def bands(draw: st.DrawFn) -> tuple[float, float, float]:
    """ng_at, review_from, review_to in their order."""
    low, at, high = sorted(draw(st.tuples(share, share, share)))
    return at, low, high


@st.composite
def class_rules(draw: st.DrawFn, label: str) -> ClassRule:
    severity = draw(st.sampled_from(Severity))
    area, count = draw(st.none() | positive), draw(st.none() | st.integers(0, 4))
    if draw(st.booleans()):
        return ClassRule(label, severity, None, None, None, area, count)
    at, low, high = draw(bands())
    if draw(st.booleans()):
        return ClassRule(label, severity, at, None, None, area, count)
    return ClassRule(label, severity, at, low, high, area, count)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    limits = Limits(*draw(bands()), draw(positive), draw(st.none() | st.just(0.1)), draw(st.none() | st.integers(0, 4)))
    rules = tuple(draw(class_rules(label)) for label in DEFECTS if draw(st.booleans()))
    guard = Guard(
        novelty_max=draw(st.none() | st.just(1.0)), on_novelty=draw(st.sampled_from(["REVIEW", "NO VERDICT"]))
    )
    guard = replace(guard, on_novelty=Outcome(guard.on_novelty))
    return Recipe("r", 1, draw(st.sampled_from([("ok",), ()])), limits, rules=rules, guard=guard)


@st.composite
def predictions(draw: st.DrawFn, *, exclusive: bool | None = None) -> Prediction:
    regions = tuple(
        Region(draw(st.sampled_from(DEFECTS)), 0.9, (0, 0, 9, 9), draw(positive))
        for _ in range(draw(st.integers(0, 5)))
    )
    alone = draw(st.booleans()) if exclusive is None else exclusive
    values = draw(st.tuples(share, share, share, share))
    if alone:
        assume(sum(values) > 1e-3)
        values = tuple(v / sum(values) for v in values)  # type: ignore[assignment]
    novelty = draw(st.none() | st.floats(0.0, 3.0))
    return Prediction(Scores(("ok", *DEFECTS), values, alone), regions, novelty=novelty)


@given(recipes(), predictions(), st.sampled_from([math.nan, math.inf, -math.inf, 1.5, -0.5]), st.integers(0, 3))
def test_broken_scores_are_never_judged(recipe: Recipe, part: Prediction, bad: float, at: int) -> None:
    values = list(part.scores.values)
    values[at] = bad
    broken = replace(part, scores=replace(part.scores, values=tuple(values)))
    assert decide(broken, recipe).outcome is Outcome.NO_VERDICT
    assert decide(replace(part, scores=Scores((), ())), recipe).outcome is Outcome.NO_VERDICT


@given(recipes(), predictions(), st.sampled_from(DEFECTS), share)
def test_a_higher_defect_score_never_makes_a_part_better(
    recipe: Recipe, part: Prediction, label: str, more: float
) -> None:
    scores = dict(part.scores)
    if part.scores.exclusive:
        assume(recipe.ok_classes)
        # What the defect gains the sound class loses.
        gained = scores["ok"] * more
        scores["ok"] -= gained
        scores[label] = min(1.0, scores[label] + gained)
    else:
        scores[label] = max(scores[label], more)
    worse = replace(part, scores=replace(part.scores, values=tuple(scores.values())))
    before, after = decide(part, recipe).outcome, decide(worse, recipe).outcome
    if Outcome.NO_VERDICT not in (before, after):
        assert RANK[after] >= RANK[before]
    assert not (before in (Outcome.NG, Outcome.REVIEW) and after in (Outcome.OK, Outcome.NO_VERDICT))


@given(recipes(), predictions(), st.data())
def test_a_lower_threshold_never_makes_a_part_better(recipe: Recipe, part: Prediction, data: st.DataObject) -> None:
    lower = data.draw(st.tuples(share, share, share))
    limits = recipe.limits
    limits = replace(limits, ng_at=limits.ng_at * lower[0], review_from=limits.review_from * lower[1])
    rules = tuple(r if r.ng_at is None else replace(r, ng_at=r.ng_at * lower[2]) for r in recipe.rules)
    stricter = replace(recipe, limits=limits, rules=rules)
    if decide(part, recipe).outcome in (Outcome.NG, Outcome.REVIEW):
        assert decide(part, stricter).outcome in (Outcome.NG, Outcome.REVIEW)


@given(recipes(), predictions(), share)
def test_a_critical_class_at_its_limit_is_ng(recipe: Recipe, part: Prediction, share_of: float) -> None:
    assume(not decide(part, recipe).unknown)
    at = dict(part.scores)["crack"] * share_of
    rules = (ClassRule("crack", Severity.CRITICAL, at), *(r for r in recipe.rules if r.label != "crack"))
    verdict = decide(part, replace(recipe, rules=rules))
    assert verdict.outcome is Outcome.NG
    assert any(reason.startswith("critical: ") for reason in verdict.reasons)


GUARD = Guard((40.0, 200.0), 5.0, 0.2, 0.1, 1.0)


@given(recipes(), predictions(), st.sampled_from(["brightness", "contrast", "sharpness", "clipped"]), st.booleans())
def test_an_unfit_picture_is_neither_ok_nor_ng(recipe: Recipe, part: Prediction, what: str, lost: bool) -> None:
    bad = {"brightness": 201.0, "contrast": 4.9, "sharpness": 0.19, "clipped": 0.11}[what]
    fit = Quality(100.0, 20.0, 0.5, 0.0)
    quality = replace(fit, **{what: math.nan if lost else bad})
    guarded = replace(recipe, guard=GUARD)
    judged = decide(replace(part, quality=quality), guarded)
    assert judged.outcome is Outcome.NO_VERDICT or (judged.outcome is Outcome.REVIEW and judged.unknown)
    unguarded = decide(replace(part, quality=quality), recipe)
    assert decide(replace(part, quality=fit), recipe) == unguarded, "without a guard the picture does not matter"


@given(recipes(), predictions(), st.floats(1.0001, 9.0))
def test_an_unknown_part_is_never_ok(recipe: Recipe, part: Prediction, novelty: float) -> None:
    guarded = replace(recipe, guard=replace(recipe.guard, novelty_max=1.0))
    verdict = decide(replace(part, novelty=novelty), guarded)
    assert verdict.outcome is guarded.guard.on_novelty and verdict.unknown and not verdict.label
    assert verdict.reasons[0].startswith("unknown part: ")
    assert not any(name in reason for reason in verdict.reasons for name in DEFECTS)


@given(recipes(), predictions())
def test_every_verdict_has_a_reason_and_a_label(recipe: Recipe, part: Prediction) -> None:
    verdict = decide(part, recipe)
    assert verdict.reasons and all(verdict.reasons)
    assert bool(verdict.label) == (verdict.outcome is not Outcome.NO_VERDICT and not verdict.unknown)
    assert 0.0 <= verdict.score <= 1.0
    if verdict.outcome is Outcome.NG:
        assert verdict.label in ("ok", *DEFECTS)[0 if not recipe.ok_classes else 1 :]


@given(recipes(), predictions(exclusive=False))
def test_without_bands_only_a_strange_part_is_sent_to_review(recipe: Recipe, part: Prediction) -> None:
    plain = replace(without_bands(recipe), guard=Guard())
    assert decide(part, plain).outcome in (Outcome.OK, Outcome.NG)
    assert without_bands(plain) == plain


@pytest.mark.parametrize("exclusive", [True, False])
def test_both_kinds_of_scores_reach_every_outcome(exclusive: bool) -> None:
    recipe = Recipe("r", 1, ("ok",), Limits(0.5, 0.3, 0.7))
    found = {
        decide(Prediction(Scores(("ok", "crack"), (1 - p, p), exclusive)), recipe).outcome for p in (0.1, 0.4, 0.6, 0.9)
    }
    assert found == {Outcome.OK, Outcome.REVIEW, Outcome.NG}
