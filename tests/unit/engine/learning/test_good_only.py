"""Good parts alone: what differs otherwise than they do is found, and their own scores come from parts left out."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InputError
from engine.learning import good_only
from engine.learning.good_only import fit_good, principal
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


def test_scores_of_the_taught_are_those_of_parts_left_out() -> None:
    given = learnt(good_parts(6, 12))
    fit = fit_good(given)
    scale, axes = principal(given.values[1:])
    scaled = scale.of(given.values[:1])
    length = np.linalg.norm(scaled - scaled @ axes @ axes.T)
    height = (np.log(length) - fit.head.centre) / fit.head.width
    assert fit.left_out[0] == pytest.approx(1 / (1 + np.exp(-height)), abs=1e-9)
    assert fit.head.scores(given.values).mean() < fit.left_out.mean()


def test_both_forms_explain_alike() -> None:
    values = good_parts(8, 60)
    scale, axes = principal(values)
    _, transposed = principal(np.concatenate([values, values]))
    other = np.linalg.eigh(scale.of(values).T @ scale.of(values))[1][:, ::-1][:, : axes.shape[1]]
    assert np.abs(axes @ axes.T - other @ other.T).max() < 1e-8
    assert np.allclose(transposed.T @ transposed, np.eye(transposed.shape[1]), atol=1e-9)


def test_many_parts_leave_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    given = learnt(good_parts(9, 40))
    alone = fit_good(given).left_out
    monkeypatch.setattr(good_only, "WORK", 1.0)
    assert np.abs(np.log(fit_good(given).left_out / alone)).mean() < 0.5


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
