"""The head that says where, on drawn patches: masks, strokes and boxes, mining, and parts that leave as a whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import InputError
from engine.learning import patch_head
from engine.learning.patch_head import PatchFit, fit_patches, worst
from engine.learning.places import Drawn, Painted, Patches, painted, sound
from engine.statistics.metrics import auroc

ROWS, COLUMNS, NUMBERS = 12, 16, 20


def patches(seed: int, *, crack: bool = False, glints: int = 0) -> Patches:
    """A grid of noise; a crack of five places differs in two numbers, a glint in one of them and another one."""
    random = np.random.default_rng(seed)
    grid = random.standard_normal((ROWS, COLUMNS, NUMBERS)).astype(np.float32)
    for _ in range(glints):
        grid[random.integers(ROWS), random.integers(COLUMNS), [0, 5]] += 5.0
    if crack:
        grid[4, 3:8, :2] += 5.0
    return grid


def crack_mask(left: int = 3, right: int = 8, top: int = 4, bottom: int = 5) -> Mask:
    mask = np.zeros((ROWS * 8, COLUMNS * 8), np.uint8)
    mask[top * 8 : bottom * 8, left * 8 : right * 8] = 255
    return mask


def collection(drawn: Callable[[str, int], Painted], bad: int = 3, good: int = 8, glints: int = 0) -> list[Painted]:
    pictures = [drawn(f"bad{i}", i) for i in range(bad)]
    return [*pictures, *[sound(f"good{i}", patches(100 + i, glints=glints)) for i in range(good)]]


def by_mask(part: str, seed: int) -> Painted:
    return painted(part, patches(seed, crack=True), crack_mask())


def by_stroke(part: str, seed: int) -> Painted:
    return painted(part, patches(seed, crack=True), crack_mask(4, 6), Drawn.STROKE)


def by_box(part: str, seed: int) -> Painted:
    return painted(part, patches(seed, crack=True), crack_mask(2, 9, 3, 6), Drawn.BOX)


def area(fit: PatchFit, glints: int = 0) -> float:
    """AUROC of pictures never seen."""
    scores = [fit.head.score(patches(500 + i, crack=i % 2 == 1, glints=glints)) for i in range(60)]
    return auroc([i % 2 == 1 for i in range(60)], scores)


@pytest.mark.parametrize("drawn", [by_mask, by_stroke, by_box])
def test_defects_never_seen_are_found_where_they_are(drawn: Callable[[str, int], Painted]) -> None:
    fit = fit_patches(collection(drawn))
    assert area(fit) > 0.95
    found = fit.head.map(patches(900, crack=True))
    assert set(zip(*np.unravel_index(np.argsort(found.ravel())[-4:], found.shape), strict=True)) <= {
        (4, column) for column in range(3, 8)
    }


def test_hard_negatives_are_told_from_defects(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = collection(by_mask, glints=2)
    mined = area(fit_patches(pictures), glints=2)
    monkeypatch.setattr(patch_head, "ROUNDS", 0)
    assert mined >= area(fit_patches(pictures), glints=2)
    assert mined > 0.95


def test_stroke_teaches_neither_good_nor_bad_beside_itself() -> None:
    assert not by_stroke("a", 1).good.any()
    assert int(by_stroke("a", 1).bad.sum()) == 2
    near = by_mask("a", 1)
    assert not near.good[2:7, 1:10].any() and near.good[8:].all() and not (near.good & near.bad).any()


def test_part_leaves_with_its_copies_and_what_was_mined_of_it() -> None:
    copy = painted("bad0", patches(40, crack=True), crack_mask(), varied=True)
    pictures = [*collection(by_mask, glints=2), copy]
    by_part, _ = patch_head._mined(pictures)
    assert by_part["good0"].hard.weight + by_part["good1"].hard.weight > 0
    for picture, told in zip(pictures, patch_head._left_out(pictures, by_part), strict=True):
        rest = [places for part, places in by_part.items() if part != picture.part]
        head = patch_head._solved(patch_head._together(rest))
        assert told == pytest.approx(worst(head.values(picture.patches)), abs=1e-8)


def test_order_of_the_pictures_changes_nothing() -> None:
    pictures = collection(by_mask)
    one, other = fit_patches(pictures), fit_patches(pictures[::-1])
    assert np.abs(one.head.map(patches(7)) - other.head.map(patches(7))).max() < 1e-9
    assert np.abs(one.left_out - other.left_out[::-1]).max() < 1e-9


def test_single_painted_part_has_no_score_left_out() -> None:
    fit = fit_patches(collection(by_mask, bad=1))
    assert np.isnan(fit.left_out[0]) and np.isfinite(fit.left_out[1:]).all()
    assert 0.0 < fit.head.score(patches(3)) < 0.5 < fit.head.score(patches(3, crack=True))


def test_defect_thinner_than_a_place_lies_where_it_covers_most() -> None:
    mask = np.zeros((ROWS * 8, COLUMNS * 8), np.uint8)
    mask[33, 27] = 255
    assert list(zip(*np.nonzero(painted("a", patches(1), mask).bad), strict=True)) == [(4, 3)]


def test_what_cannot_be_taught_is_refused() -> None:
    with pytest.raises(InputError, match="mask is 100 × 96"):
        painted("a", patches(1), np.full((96, 100), 255, np.uint8))
    with pytest.raises(InputError, match="Nothing is painted"):
        painted("a", patches(1), np.zeros((ROWS * 8, COLUMNS * 8), np.uint8))
    with pytest.raises(InputError, match="No defect is painted"):
        fit_patches([sound("a", patches(1))])
    with pytest.raises(InputError, match="No place is taught as good"):
        fit_patches([by_stroke("a", 1)])
