"""Where REVIEW begins and ends: by the scores' spread, wherever the limit lies, and never at 0 or 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.packages.manifest import LimitSpec
from engine.statistics.bands import band_around, spread_of
from trainer.packaging.calibrate import first_limits

CLASSES, OK = ("ok", "pit"), ("ok",)


def limits(rule: str, sound: list[float], bad: list[float], margin: float = 0.15) -> LimitSpec:
    truth = ["ok"] * len(sound) + ["pit"] * len(bad)
    scores = np.array([*sound, *bad], np.float64)
    return first_limits(rule, margin, truth, np.stack((1.0 - scores, scores), axis=1), CLASSES, OK)


@pytest.mark.parametrize("limit", [0.02, 0.06, 0.1])
def test_low_limit_leaves_room_for_ok(limit: float) -> None:
    sound = [0.2 * limit, 0.3 * limit, 0.25 * limit, 0.4 * limit, 0.2 * limit]
    found = limits(str(limit), sound, [3 * limit, 4 * limit])
    assert 0.0 < found.review_from < found.ng_at == limit < found.review_to < 1.0
    assert all(score < found.review_from for score in sound), "each of these sound parts can be OK"


@pytest.mark.parametrize("limit", [0.02, 0.5, 0.98])
def test_band_from_too_few_parts_reaches_neither_0_nor_1(limit: float) -> None:
    found = limits(str(limit), [0.01], [])
    assert 0.0 < found.review_from < limit < found.review_to < 1.0


def test_no_band_is_wanted_and_none_is_there() -> None:
    found = limits("0.3", [0.1, 0.2, 0.1], [0.8, 0.9], margin=0.0)
    assert found.review_from == found.ng_at == found.review_to == 0.3


def test_band_is_as_wide_as_the_scores_spread() -> None:
    narrow = limits("0.3", [0.10, 0.11, 0.10, 0.09], [0.60, 0.61])
    wide = limits("0.3", [0.05, 0.2, 0.1, 0.03], [0.40, 0.8])
    assert wide.review_from < narrow.review_from < 0.3 < narrow.review_to < wide.review_to


def test_limit_between_few_parts_is_halfway_in_logits_and_no_extreme_one_moves_it_far() -> None:
    found = limits("between", [0.1, 0.1, 0.1, 0.1], [0.9, 0.9])
    assert found.ng_at == pytest.approx(0.5, abs=1e-6)
    before = limits("between", [0.02, 0.03, 0.02, 0.04], [0.9, 0.95])
    after = limits("between", [0.02, 0.03, 0.02, 0.04], [0.9, 0.95, 0.3])
    assert 0.3 < after.ng_at / before.ng_at < 1.0


def test_kinds_that_score_alike_are_sent_to_a_person_and_not_waved_through() -> None:
    # As a network scored the held-out castings that had learnt nothing of them.
    sound, bad = [0.2583, 0.374, 0.5103, 0.6824, 0.8755], [0.1713, 0.6966]
    found = limits("between", sound, bad)
    assert found.ng_at == pytest.approx(0.483, abs=0.001)
    assert found.review_from < 0.35 < 0.62 < found.review_to, "no limit moves up so that sound parts pass"


def test_one_kind_alone_leaves_the_limit_at_half() -> None:
    assert limits("between", [0.1, 0.2], []).ng_at == 0.5
    assert limits("between", [], []).ng_at == 0.5


@given(
    st.lists(st.floats(0.0, 1.0), min_size=0, max_size=8),
    st.lists(st.floats(0.0, 1.0), min_size=0, max_size=8),
    st.floats(0.001, 0.999),
    st.floats(0.01, 0.49),
)
def test_band_always_holds_its_limit_inside_0_and_1(
    sound: list[float], bad: list[float], limit: float, margin: float
) -> None:
    defective = np.array([False] * len(sound) + [True] * len(bad), bool)
    low, high = band_around(limit, margin, spread_of(defective, np.array([*sound, *bad], np.float64)))
    assert 0.0 < low <= limit <= high < 1.0
