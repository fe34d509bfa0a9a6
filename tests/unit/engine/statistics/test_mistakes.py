"""The one count of mistakes: every question by hand, and what must hold of any parts in any order."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.inspection import Outcome
from engine.statistics.mistakes import Mistakes, Verdicts, is_escape, is_overkill, say_little, sweep
from engine.statistics.shares import NOTHING, Share

Part = tuple[bool, Outcome]
parts = st.lists(st.tuples(st.booleans(), st.sampled_from(list(Outcome))), max_size=60)
# Coarse, so that scores tie with each other and with thresholds.
scored = st.lists(st.tuples(st.booleans(), st.integers(0, 20).map(lambda n: n / 20)), min_size=1, max_size=40)
HAND = Mistakes(Verdicts(ok=50, ng=4, review=3, no_verdict=2), Verdicts(ok=5, ng=30, review=6, no_verdict=7))


def every(found: Mistakes) -> dict[str, Share]:
    """All shares there are."""
    names = [name for name, value in vars(Mistakes).items() if isinstance(value, property) and name != "total"]
    return {name: getattr(found, name) for name in names}


def test_every_question_is_answered_as_it_is_defined() -> None:
    assert every(HAND) == {
        "escapes": Share(5, 48),
        "overkill": Share(4, 59),
        "sound_stopped": Share(9, 59),
        "review": Share(9, 107),
        "no_verdict": Share(9, 107),
        "to_a_person": Share(18, 107),
        "escaped_among_ok": Share(5, 55),
        "sound_among_ng": Share(4, 34),
    }


def test_parts_without_a_verdict_can_be_left_out_of_what_shares_are_of() -> None:
    judged = HAND.of_judged()
    assert (judged.escapes, judged.overkill, judged.review) == (Share(5, 41), Share(4, 57), Share(9, 98))
    assert judged.no_verdict == Share(0, 98)


def test_no_parts_are_no_mistakes_and_no_certainty() -> None:
    assert every(Mistakes.of([])) == dict.fromkeys(every(HAND), NOTHING)
    for share in every(Mistakes()).values():
        assert math.isnan(share.rate) and share.interval == (0.0, 1.0)
    only_sound = Mistakes.of([(False, Outcome.OK)])
    assert only_sound.escapes == NOTHING and only_sound.overkill == Share(0, 1)


@given(parts)
def test_counts_are_those_of_a_plain_loop(found: list[Part]) -> None:
    counted = Mistakes.of(found)
    assert counted.escapes.count == sum(bad and outcome is Outcome.OK for bad, outcome in found)
    assert counted.overkill.count == sum(not bad and outcome is Outcome.NG for bad, outcome in found)
    assert counted.escapes.count == sum(is_escape(outcome, defective=bad) for bad, outcome in found)
    assert counted.overkill.count == sum(is_overkill(outcome, defective=bad) for bad, outcome in found)
    assert counted.review.count == sum(outcome is Outcome.REVIEW for _, outcome in found)
    assert counted.no_verdict.count == sum(outcome is Outcome.NO_VERDICT for _, outcome in found)


@given(parts, st.randoms())
def test_order_does_not_matter(found: list[Part], order: random.Random) -> None:
    mixed = list(found)
    order.shuffle(mixed)
    assert Mistakes.of(mixed) == Mistakes.of(found)


@given(parts, parts)
def test_two_counts_add_up_to_the_count_of_both(some: list[Part], others: list[Part]) -> None:
    assert Mistakes.of(some) + Mistakes.of(others) == Mistakes.of(some + others)
    assert Mistakes.of(some) + Mistakes() == Mistakes.of(some)


@given(parts)
def test_sums_add_up_and_every_rate_lies_within_its_interval(found: list[Part]) -> None:
    counted = Mistakes.of(found)
    assert counted.total == len(found) == counted.sound.total + counted.defective.total
    assert counted.escapes.of + counted.overkill.of == counted.total
    assert counted.to_a_person.count == counted.review.count + counted.no_verdict.count
    assert counted.sound_stopped.count >= counted.overkill.count
    assert counted.of_judged().total == counted.total - counted.no_verdict.count
    for share in every(counted).values():
        assert 0 <= share.count <= share.of <= counted.total
        low, high = share.interval
        assert not share.of or 0.0 <= low <= share.rate <= high <= 1.0


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_by_label_rejected_is_ng_and_the_rest_is_ok(labels: list[tuple[bool, bool]]) -> None:
    defective, rejected = [bad for bad, _ in labels], [out for _, out in labels]
    verdicts = [(bad, Outcome.NG if out else Outcome.OK) for bad, out in labels]
    assert Mistakes.by_label(defective, rejected) == Mistakes.of(verdicts)


def test_parts_set_aside_as_unknown_are_no_mistake_but_work() -> None:
    defective, rejected, aside = [True, True, False, False], [True, True, True, True], [True, False, True, False]
    found = Mistakes.by_label(defective, rejected, aside)
    assert found == Mistakes(Verdicts(ng=1, review=1), Verdicts(ng=1, review=1))
    assert (found.escapes.count, found.overkill.count, found.to_a_person.count) == (0, 1, 2)


def test_by_label_wants_a_label_for_every_truth() -> None:
    with pytest.raises(ValueError, match="2 truths for 1 labels"):
        Mistakes.by_label([True, False], [True])
    with pytest.raises(ValueError, match="2 truths for 1 scores"):
        sweep([True, False], [0.5], [0.5])


@given(scored, st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.0, 0.05, 0.2]))
def test_sweep_is_the_count_of_the_verdicts_at_every_threshold(
    found: list[tuple[bool, float]], below: float, above: float
) -> None:
    thresholds = np.linspace(0.0, 1.0, 21)
    defective, scores = [bad for bad, _ in found], [score for _, score in found]
    swept = sweep(defective, scores, thresholds, (below, above))
    for row, threshold in enumerate(thresholds):
        low = max(0.0, threshold - below) if below else threshold
        high = min(1.0, threshold + above) if above else threshold
        outcomes = [Outcome.OK if s < low else Outcome.NG if s >= high else Outcome.REVIEW for s in scores]
        assert swept.at(row) == Mistakes.of(zip(defective, outcomes, strict=True))
    if any(defective) and not all(defective):
        assert swept.escape_rate.tolist() == [swept.at(row).escapes.rate for row in range(21)]
        assert swept.overkill_rate.tolist() == [swept.at(row).overkill.rate for row in range(21)]
        assert swept.review_rate.tolist() == [swept.at(row).review.rate for row in range(21)]


def test_sweep_runs_from_all_rejected_to_all_passed() -> None:
    swept = sweep([True, True, False, False], [0.9, 0.4, 0.4, 0.1], [0.1, 0.4, 0.9, 1.9])
    assert swept.escapes.tolist() == [0, 0, 1, 2]
    assert swept.overkill.tolist() == [2, 1, 0, 0]


def test_few_parts_say_little_and_many_do_not() -> None:
    assert say_little(Mistakes(Verdicts(ok=5), Verdicts(ng=2)))
    assert say_little(Mistakes(Verdicts(ok=500), Verdicts(ng=2))), "of the defects nothing is known yet"
    assert not say_little(Mistakes(Verdicts(ok=500), Verdicts(ng=30)))
    assert not say_little(Mistakes())
