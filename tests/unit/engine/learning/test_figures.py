"""What few parts can tell: thresholds, intervals that hold on many draws, and the sentence about more parts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import InputError
from engine.learning.class_head import fit_classes
from engine.learning.figures import (
    Expected,
    Figures,
    Told,
    cost_threshold,
    even_threshold,
    figures_of,
    outlook,
    recall_threshold,
    told_by_part,
)
from engine.statistics.costs import Prices
from engine.statistics.shares import Share
from tests.unit.engine.learning.drawn import described


def told(seed: int, good: int, bad: int, apart: float = 4.0) -> Told:
    """Logits of both kinds, normal with deviations 1 and 1.5."""
    random = np.random.default_rng(seed)
    logits = np.concatenate([random.normal(-apart / 2, 1.0, good), random.normal(apart / 2, 1.5, bad)])
    return Told(1 / (1 + np.exp(-logits)), np.repeat([False, True], [good, bad]))


def figures(escapes: tuple[int, int], overkill: tuple[int, int]) -> Figures:
    return Figures(0.5, Expected(Share(*escapes)), Expected(Share(*overkill)), 0.9)


def test_even_threshold_makes_both_mistakes_alike() -> None:
    many = told(1, 4000, 4000)
    found = figures_of(many, even_threshold(many))
    assert found.escapes.share.rate == pytest.approx(found.overkill.share.rate, abs=0.015)
    assert found.auroc > 0.95


def test_even_threshold_is_half_where_one_kind_is_missing() -> None:
    assert even_threshold(told(1, 5, 0)) == even_threshold(told(1, 0, 5)) == 0.5


def test_even_threshold_of_words_upside_down_lies_between() -> None:
    wrong = told(2, 20, 20)
    turned = Told(wrong.scores, ~wrong.defective)
    assert 0.0 < even_threshold(turned) < 1.0


def test_recall_is_held_on_parts_never_seen() -> None:
    fresh = told(99, 10, 20_000)
    caught = [
        1.0 - figures_of(fresh, recall_threshold(told(seed, 25, 10), 0.95)).escapes.share.rate for seed in range(40)
    ]
    assert np.mean(caught) > 0.93
    with pytest.raises(InputError, match="No bad part"):
        recall_threshold(told(1, 5, 0), 0.9)
    alone = told(1, 5, 1)
    assert recall_threshold(alone, 0.9) == alone.scores[-1]


def test_dearer_escapes_lower_the_threshold() -> None:
    some = told(3, 60, 60, apart=2.0)
    dear, cheap = (cost_threshold(some, Prices(escape, 5.0, 1.0)) for escape in (500.0, 1.0))
    assert dear < cheap
    clean = Told(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))
    assert cost_threshold(clean, Prices()) == pytest.approx(0.5, abs=1e-6)


def test_parts_of_many_pictures_count_once() -> None:
    found = told_by_part(["a", "a", "b", "c"], np.array([0.2, 0.8, 0.9, np.nan]), np.array([False, False, True, True]))
    assert found.scores == pytest.approx([0.5, 0.9])
    assert found.defective.tolist() == [False, True]


def test_no_mistake_among_few_parts_is_not_never() -> None:
    assert Expected(Share(0, 10)).likely == pytest.approx(1 / 32)
    assert Expected(Share(0, 10)).interval == Share(0, 10).interval
    assert Expected(Share(2, 10)).interval == (Share(1, 10).interval[0], Share(2, 10).interval[1])
    assert math.isnan(Expected(Share(0, 0)).likely)


def test_intervals_hold_the_truth_on_200_draws() -> None:
    """Heads taught by 25 good and 10 bad drawn parts, judged on 600 more; 95 % intervals must hold in 88 to 99.5 %."""
    held, widths = [], []
    for seed in range(200):
        whole = described(seed, 325, 310, 12, apart=2.0)
        places = [np.flatnonzero(np.array(whole.words) == word) for word in ("ok", "bad")]
        shown = np.sort(np.concatenate([places[0][:25], places[1][:10]]))
        given, rest = whole.chosen(shown), whole.chosen(np.setdiff1d(np.arange(len(whole)), shown))
        fit = fit_classes(given, ("ok", "bad"))
        bad = np.array(given.words) == "bad"
        known = told_by_part(given.parts, fit.left_out[:, 1], bad)
        found = figures_of(known, even_threshold(known))
        fresh = Told(fit.head.scores(rest.values)[:, 1], np.array(rest.words) == "bad")
        truth = figures_of(fresh, found.threshold)
        for one, true in ((found.escapes, truth.escapes), (found.overkill, truth.overkill)):
            (low, high), plain = one.interval, one.share.interval
            held.append(low <= true.share.rate <= high)
            widths.append((high - low) / (plain[1] - plain[0]))
    assert 0.88 <= np.mean(held) <= 0.995
    assert max(widths) <= 1.5


def test_more_parts_are_said_to_bring_fewer_mistakes_and_never_none() -> None:
    now, halves = figures((2, 10), (1, 25)), [figures((2, 5), (2, 12)), figures((1, 5), (1, 12))]
    same, more, most = (outlook(now, halves, good, bad) for good, bad in ((0, 0), (25, 10), (250, 100)))
    assert same.escapes_then == pytest.approx(same.escapes)
    assert 0.0 < most.escapes_then < more.escapes_then < more.escapes
    assert 0.0 < most.overkill_then < more.overkill_then < more.overkill


def test_steeper_halves_promise_more() -> None:
    now = figures((4, 40), (4, 100))
    steep = outlook(now, [figures((12, 20), (20, 50))], 100, 40)
    flat = outlook(now, [figures((2, 20), (2, 50))], 100, 40)
    assert steep.escapes_then < flat.escapes_then < flat.escapes
