"""Where a part differs from good ones, on drawn grids."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InputError
from engine.learning.normality import fit_normality
from engine.learning.places import Patches


def patches(seed: int, *, odd: bool = False) -> Patches:
    """A grid whose left half is of another kind than its right half."""
    grid = np.random.default_rng(seed).standard_normal((10, 14, 70)).astype(np.float32)
    grid[:, :7, :30] += 6.0
    if odd:
        grid[3:5, 9:11, 30:60] += 4.0
    return grid


def test_places_unlike_the_good_parts_are_marked_and_no_others() -> None:
    head = fit_normality([patches(seed) for seed in range(12)])
    found = head.map(patches(50, odd=True))
    assert (found[3:5, 9:11] > 0.5).all()
    assert (found >= 0.5).sum() == 4
    assert max(head.map(patches(60 + seed)).max() for seed in range(20)) < 0.6


def test_what_is_usual_elsewhere_is_unusual_here() -> None:
    head = fit_normality([patches(seed) for seed in range(12)])
    swapped = patches(70)
    swapped[2, 11] = swapped[2, 2]
    assert int(head.map(swapped).argmax()) == 2 * 14 + 11


def test_order_of_the_parts_changes_nothing() -> None:
    parts = [patches(seed) for seed in range(8)]
    one, other = fit_normality(parts), fit_normality(parts[::-1])
    assert np.abs(one.map(patches(9)) - other.map(patches(9))).max() < 1e-9


def test_too_few_or_equal_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="4 good parts are too few"):
        fit_normality([patches(seed) for seed in range(4)])
    with pytest.raises(InputError, match="all alike"):
        fit_normality([patches(1)] * 6)
