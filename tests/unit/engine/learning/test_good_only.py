"""Good parts alone: what differs otherwise than they do is found, and their own scores come from parts left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InputError
from engine.learning import good_only
from engine.learning.good_only import fit_good, principal, squares_left_out
from engine.learning.ridge import spectrum_of
from engine.learning.taught import Floats, Taught, taught
from engine.statistics.metrics import auroc


def good_parts(seed: int, count: int, numbers: int = 60) -> Floats:
    """Parts that differ in five ways of sixty, and by a little noise."""
    ways = np.random.default_rng(7).standard_normal((5, numbers))
    random = np.random.default_rng(seed)
    return np.asarray(random.standard_normal((count, 5)) @ ways + 0.2 * random.standard_normal((count, numbers)))


def learnt(values: Floats) -> Taught:
    return taught(values, [f"p{i:03}" for i in range(len(values))], ["ok"] * len(values))


@pytest.mark.parametrize("count", [25, 150])
def test_part_that_differs_otherwise_is_found(count: int) -> None:
    fit = fit_good(learnt(good_parts(1, count)))
    sound, odd = good_parts(2, 100), good_parts(3, 100)
    odd[:, 10] += 6.0
    scores = fit.head.scores(np.concatenate([sound, odd]))
    assert auroc(np.repeat([False, True], 100), scores) > 0.95
    assert ((scores >= 0.0) & (scores <= 1.0)).all()


def test_few_good_parts_never_seen_reach_half() -> None:
    fit = fit_good(learnt(good_parts(4, 60)))
    assert (fit.head.scores(good_parts(5, 400)) >= 0.5).mean() < 0.05


def test_part_left_out_is_measured_by_the_others_alone() -> None:
    values = good_parts(6, 12)
    given = taught(
        np.concatenate([values, values + 0.1]),
        [f"p{i:02}" for i in range(12)] * 2,
        ["ok"] * 24,
        np.repeat([False, True], 12),
    )
    rows = spectrum_of(given.values, np.full(24, 1 / 24))
    told = squares_left_out(rows, given.codes, 0.4)
    scaled = rows.standard.of(given.values)
    for part in range(12):
        rest = given.codes != part
        mean = scaled[rest].mean(axis=0)
        others = scaled[rest] - mean
        products = others.T @ others / 24
        left = (scaled[~rest] - mean) @ (0.4 * np.linalg.inv(products + 0.4 * np.eye(60)))
        assert np.abs((left**2).sum(axis=1) - told[~rest]).max() < 1e-8


def test_scores_of_the_taught_are_those_of_parts_left_out() -> None:
    given = learnt(good_parts(7, 30))
    fit = fit_good(given)
    assert fit.head.scores(given.values).mean() < fit.left_out.mean()
    assert fit.left_out.mean() == pytest.approx(fit.head.scores(good_parts(8, 400)).mean(), abs=0.06)


def test_directions_that_are_not_kept_count_for_the_taught_as_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(good_only, "MOST", 10)
    fit = fit_good(learnt(good_parts(12, 300)))
    assert fit.head.axes.shape == (60, 10)
    assert fit.left_out.mean() == pytest.approx(fit.head.scores(good_parts(13, 400)).mean(), abs=0.03)


def test_light_that_copies_showed_is_taken_off() -> None:
    """Light moves every number, and leaves more of a part the more of it there is."""
    light = np.random.default_rng(1).standard_normal(60)

    def lit(values: Floats, seed: int) -> Floats:
        random = np.random.default_rng(seed)
        level = random.uniform(1.0, 3.0, (len(values), 1))
        return np.asarray(values + 6.0 * level * light + 0.4 * level * random.standard_normal(values.shape))

    plain = good_parts(9, 60)
    copies = np.concatenate([lit(plain, seed) for seed in range(4)])
    parts = [f"p{i:02}" for i in range(60)]
    given = taught(np.concatenate([plain, copies]), parts * 5, ["ok"] * 300, np.repeat([False, True], [60, 240]))
    head = fit_good(given).head
    fresh = lit(good_parts(10, 300), 11)
    without = replace(head, slope=np.zeros_like(head.slope))
    assert (head.scores(fresh) >= 0.5).mean() < 0.7 * (without.scores(fresh) >= 0.5).mean()


def test_both_forms_explain_alike() -> None:
    values = good_parts(8, 50)
    scale, axes = principal(values)
    other = np.linalg.eigh(scale.of(values).T @ scale.of(values))[1][:, ::-1][:, : axes.shape[1]]
    assert axes.shape == (60, 25)
    assert np.abs(axes @ axes.T - other @ other.T).max() < 1e-8


def test_order_of_the_parts_changes_nothing() -> None:
    values = good_parts(10, 20)
    names = [f"p{i:03}" for i in range(20)]
    one = fit_good(taught(values, names, ["ok"] * 20)).head
    other = fit_good(taught(values[::-1], names[::-1], ["ok"] * 20)).head
    assert np.abs(one.scores(values) - other.scores(values)).max() < 1e-9


def test_too_few_or_equal_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="4 good parts are too few"):
        fit_good(learnt(good_parts(1, 4)))
    with pytest.raises(InputError, match="all alike"):
        fit_good(learnt(np.ones((9, 6))))
