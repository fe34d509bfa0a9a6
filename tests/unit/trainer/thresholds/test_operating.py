"""Choosing a threshold: by recall, by overkill, by cost; against brute force, and what cannot be chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError, UsageError
from trainer.thresholds.operating import (
    Cost,
    OperatingPoint,
    by_cost,
    by_overkill,
    by_recall,
    expected_cost,
    neighbours,
    tradeoff_of,
)

TRUTH = [False, False, False, False, True, True, True, True]
SCORES = [0.1, 0.2, 0.4, 0.6, 0.3, 0.5, 0.8, 0.9]

# Coarse, so that scores tie.
samples = st.lists(st.tuples(st.booleans(), st.integers(0, 20).map(lambda n: n / 20)), min_size=2, max_size=40).filter(
    lambda pairs: 0 < sum(bad for bad, _ in pairs) < len(pairs)
)


def counted(pairs: list[tuple[bool, float]], threshold: float) -> tuple[int, int]:
    return (
        sum(bad and score < threshold for bad, score in pairs),
        sum(not bad and score >= threshold for bad, score in pairs),
    )


def made(point: OperatingPoint) -> tuple[int, int]:
    return point.mistakes.escapes.count, point.mistakes.overkill.count


@given(samples)
def test_curve_counts_what_each_threshold_does(pairs: list[tuple[bool, float]]) -> None:
    curve = tradeoff_of(*zip(*pairs, strict=True))
    assert np.all(np.diff(curve.thresholds) > 0)
    assert curve.thresholds[0] >= 0.0 and curve.thresholds[-1] <= 1.0
    for at, escapes, overkill in zip(curve.thresholds, curve.escapes, curve.overkill, strict=True):
        assert (escapes, overkill) == counted(pairs, at)
    reachable = {counted(pairs, t) for t in np.linspace(0.0, 1.0, 81)}
    assert reachable <= set(zip(curve.escapes.tolist(), curve.overkill.tolist(), strict=True))


@given(samples, st.floats(0.01, 1.0))
def test_recall_is_kept_with_the_least_overkill(pairs: list[tuple[bool, float]], recall: float) -> None:
    point = by_recall(tradeoff_of(*zip(*pairs, strict=True)), recall)
    assert made(point) == counted(pairs, point.threshold)
    fitting = [
        c
        for c in (counted(pairs, t) for t in np.linspace(0, 1, 81))
        if 1 - c[0] / point.mistakes.defective.total >= recall
    ]
    assert 1 - point.mistakes.escapes.rate >= recall - 1e-9
    assert point.mistakes.overkill.count <= min(overkill for _, overkill in fitting)


@given(samples, st.floats(0.0, 0.99))
def test_overkill_is_kept_with_the_fewest_escapes(pairs: list[tuple[bool, float]], most: float) -> None:
    curve = tradeoff_of(*zip(*pairs, strict=True))
    fitting = [c for c in (counted(pairs, t) for t in np.linspace(0, 1, 81)) if c[1] / curve.sound <= most]
    if not fitting:
        with pytest.raises(InputError, match="no threshold keeps overkill"):
            by_overkill(curve, most)
        return
    point = by_overkill(curve, most)
    assert point.mistakes.overkill.rate <= most + 1e-9
    assert point.mistakes.escapes.count <= min(escapes for escapes, _ in fitting)


@given(samples, st.floats(0.1, 100.0), st.floats(0.1, 100.0), st.none() | st.floats(0.0, 1.0))
def test_cost_is_the_least_there_is(
    pairs: list[tuple[bool, float]], escape: float, false_reject: float, prevalence: float | None
) -> None:
    curve = tradeoff_of(*zip(*pairs, strict=True))
    point = by_cost(curve, Cost(escape, false_reject, prevalence))
    share = curve.defects / len(pairs) if prevalence is None else prevalence
    for threshold in np.linspace(0, 1, 81):
        escapes, overkill = counted(pairs, threshold)
        mean = share * escapes / curve.defects * escape + (1 - share) * overkill / curve.sound * false_reject
        assert point.cost_per_1000 is not None
        assert point.cost_per_1000 <= 1000 * mean + 1e-6


def test_chosen_points_of_a_small_case_by_hand() -> None:
    curve = tradeoff_of(TRUTH, SCORES)
    all_found = by_recall(curve, 1.0)
    assert (all_found.threshold, *made(all_found)) == (pytest.approx(0.25), 0, 2)
    none_rejected = by_overkill(curve, 0.0)
    assert (none_rejected.threshold, none_rejected.mistakes.escapes.count) == (pytest.approx(0.7), 2)
    assert by_cost(curve, Cost(100.0, 1.0)).threshold == pytest.approx(0.25)
    assert by_cost(curve, Cost(1.0, 100.0)).threshold == pytest.approx(0.7)
    # 0.45: 1 of 4 escapes and 1 of 4 is rejected; half of the parts are defects.
    at = int(np.nonzero(np.isclose(curve.thresholds, 0.45))[0][0])
    assert expected_cost(curve, Cost(10.0, 2.0))[at] == pytest.approx(1000 * (0.5 * 0.25 * 10 + 0.5 * 0.25 * 2))
    rare = expected_cost(curve, Cost(10.0, 2.0, 0.01))[at]
    assert rare == pytest.approx(1000 * (0.01 * 0.25 * 10 + 0.99 * 0.25 * 2))


def test_threshold_lies_in_the_middle_of_the_gap() -> None:
    point = by_recall(tradeoff_of([False, True], [0.2, 0.8]), 1.0)
    assert (point.threshold, *made(point)) == (pytest.approx(0.5), 0, 0)


def test_neighbours_surround_the_point_and_differ() -> None:
    curve = tradeoff_of(TRUTH, SCORES)
    near = neighbours(curve, by_recall(curve, 1.0).threshold, each=2)
    assert [round(p.threshold, 2) for p in near] == [0.05, 0.15, 0.25, 0.35, 0.45]
    assert len({made(p) for p in near}) == 5


def test_few_samples_are_told() -> None:
    truth, scores = [True] * 12 + [False] * 400, [0.9] * 12 + [0.1] * 400
    assert by_recall(tradeoff_of(truth, scores), 1.0).warnings == ("0 of 12 escapes: up to 24 % are possible.",)
    many = by_recall(tradeoff_of([True] * 400 + [False] * 400, [0.9] * 400 + [0.1] * 400), 1.0)
    assert many.warnings == ()
    assert many.mistakes.escapes.interval == pytest.approx((0.0, 0.0095), abs=1e-4)


@pytest.mark.parametrize(
    ("truth", "scores", "said"),
    [
        ([False, False], [0.1, 0.2], "no defects"),
        ([True, True], [0.1, 0.2], "no sound parts"),
        ([True, False], [0.1, float("nan")], "outside 0…1"),
        ([True, False], [0.1, 1.5], "outside 0…1"),
        ([], [], "no defects"),
    ],
)
def test_evaluation_that_tells_nothing_is_refused(truth: list[bool], scores: list[float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        tradeoff_of(truth, scores)


def test_wishes_that_cannot_be_are_refused() -> None:
    curve = tradeoff_of(TRUTH, SCORES)
    for recall in (0.0, 1.1, float("nan")):
        with pytest.raises(UsageError, match="recall"):
            by_recall(curve, recall)
    for cost in (Cost(-1, 1), Cost(0, 0), Cost(float("nan"), 1)):
        with pytest.raises(UsageError, match="costs"):
            by_cost(curve, cost)
    with pytest.raises(UsageError, match="share of defects"):
        by_cost(curve, Cost(1, 1, 2.0))
    with pytest.raises(UsageError, match="overkill"):
        by_overkill(curve, -0.1)
