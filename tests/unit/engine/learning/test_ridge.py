"""The closed form: both ways to it, and what it says of parts left out, against plain refits."""

from __future__ import annotations

import numpy as np
import pytest

from engine.learning.moments import Moments, moments_of, ridge_of
from engine.learning.ridge import Linear, left_out, ridge, spectrum_of
from engine.learning.taught import Floats, balanced, classes_of
from tests.unit.engine.learning.drawn import described

CLASSES = ("ok", "bad", "worse")


def refit(values: Floats, weights: Floats, targets: Floats, rows: Linear, penalty: float) -> Linear:
    """Ridge by the normal equations on a scale that is given."""
    scaled = np.concatenate([rows.standard.of(values), np.ones((len(values), 1))], axis=1)
    bound = penalty * np.diag([*np.ones(values.shape[1]), 0.0])
    found = np.linalg.solve(scaled.T @ (scaled * weights[:, None]) + bound, scaled.T @ (targets * weights[:, None]))
    return Linear(rows.standard, np.asarray(found[:-1]), np.asarray(found[-1]))


@pytest.mark.parametrize("numbers", [12, 300])
def test_both_forms_are_the_same_ridge(numbers: int) -> None:
    given = described(1, 20, 9, numbers, copies=2, kinds=("bad", "worse"))
    held = classes_of(given, CLASSES)
    weights = balanced(given, held)
    short, long = (spectrum_of(given.values, weights, dual=way) for way in (True, False))
    one, other = (ridge(rows, held, 0.3) for rows in (short, long))
    assert np.abs(one.of(given.values) - other.of(given.values)).max() < 1e-8
    plain = refit(given.values, weights, held, one, 0.3)
    assert np.abs(one.of(given.values) - plain.of(given.values)).max() < 1e-8
    told, again = (left_out(rows, held, given.codes, 0.3) for rows in (short, long))
    assert np.abs(told - again).max() < 1e-8


@pytest.mark.parametrize("numbers", [12, 300])
def test_part_left_out_is_judged_as_by_a_ridge_that_never_saw_it_nor_its_copies(numbers: int) -> None:
    given = described(2, 12, 6, numbers, copies=3)
    held = classes_of(given, ("ok", "bad"))
    weights = balanced(given, held)
    rows = spectrum_of(given.values, weights)
    told = left_out(rows, held, given.codes, 0.2)
    for part in range(18):
        rest = given.codes != part
        without = refit(given.values[rest], weights[rest], held[rest], ridge(rows, held, 0.2), 0.2)
        assert np.abs(without.of(given.values[~rest]) - told[~rest]).max() < 1e-8


def test_number_that_never_varies_is_not_blown_up() -> None:
    given = described(3, 10, 10)
    values = given.values.copy()
    values[:, 0] = 7.0
    held = classes_of(given, ("ok", "bad"))
    found = ridge(spectrum_of(values, balanced(given, held)), held, 0.3)
    changed = values[:1].copy()
    changed[0, 0] = 7.0 + 1e-6
    assert np.abs(found.of(changed) - found.of(values[:1])).max() < 1e-3


def test_moments_give_the_ridge_of_the_rows() -> None:
    given = described(4, 60, 30, 20, kinds=("bad", "worse"))
    held = classes_of(given, CLASSES)
    weights = balanced(given, held)
    of_rows = ridge(spectrum_of(given.values, weights), held, 0.3)
    kinds = {name: moments_of(given.values[on > 0], weights[on > 0]) for name, on in zip(CLASSES, held.T, strict=True)}
    assert np.abs(ridge_of(kinds, 0.3).of(given.values) - of_rows.of(given.values)).max() < 1e-8


def test_what_is_added_and_taken_away_again_leaves_the_sums_as_they_were() -> None:
    given = described(5, 40, 1, 30)
    whole, part = moments_of(given.values), moments_of(given.values[:5])
    back: Moments = whole + part - part
    assert back.weight == whole.weight
    assert np.allclose(back.total, whole.total, rtol=1e-12)
    assert np.allclose(back.products, whole.products, rtol=1e-12)
    rest = whole - part
    assert np.allclose(rest.products, moments_of(given.values[5:]).products, rtol=1e-9)
    assert np.allclose((rest * 2.0).total, 2.0 * given.values[5:].sum(axis=0))
