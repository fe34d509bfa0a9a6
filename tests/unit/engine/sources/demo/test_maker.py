from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.sources.demo import ALL_KINDS, KINDS, OK, DemoPart, PartMaker
from engine.sources.demo.bank import bank

pytestmark = pytest.mark.slow

SEED = 3


def _small(part: DemoPart) -> NDArray[np.float32]:
    return cv2.resize(part.pixels, (480, 384), interpolation=cv2.INTER_AREA).astype(np.float32)


def test_part_depends_on_nothing_made_before() -> None:
    first, second = PartMaker(SEED), PartMaker(SEED)
    for index in range(5):
        second.part(index)
    a, b = first.part(9), second.part(9)
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert a.truth == b.truth
    assert a.pixels.shape == (1024, 1280)
    assert a.pixels.dtype == np.uint8


def test_part_makes_only_what_it_is_laid_of_and_is_the_same_after_all_is_made() -> None:
    seed = 20261130  # of no other test: nothing of it is made yet
    part = PartMaker(seed).part(0)
    made = len(bank(seed))
    assert made < sum(1 for _ in PartMaker(seed).prepare()) == len(bank(seed))
    np.testing.assert_array_equal(part.pixels, PartMaker(seed).part(0).pixels)


def test_other_seed_and_other_index_give_other_parts() -> None:
    maker = PartMaker(SEED)
    assert not np.array_equal(maker.part(1).pixels, maker.part(2).pixels)
    assert not np.array_equal(maker.part(1).pixels, PartMaker(SEED + 1).part(1).pixels)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_defect_changes_the_picture_inside_its_mask_and_hardly_outside(kind: str) -> None:
    bad, good = PartMaker(SEED, kinds=(kind,), defect_rate=1.0), PartMaker(SEED, defect_rate=0.0)
    for index in range(4):
        part, sound = bad.part(index), good.part(index)
        mask = part.truth.mask
        assert (part.truth.label, sound.truth.label, sound.truth.mask) == (kind, OK, None)
        assert part.surface == sound.surface
        assert mask is not None
        assert mask.shape == part.pixels.shape
        assert set(np.unique(mask)) == {0, 255}
        change = np.abs(part.pixels.astype(np.float32) - sound.pixels)
        near = cv2.dilate(mask, np.ones((25, 25), np.uint8)) > 0
        assert change[mask > 0].mean() > 4
        assert change[~near].sum() < 0.05 * change.sum()
        assert change[mask > 0].sum() > 0.6 * change.sum()


def test_defects_can_be_seen_when_the_picture_is_reduced() -> None:
    bad, good = PartMaker(SEED, defect_rate=1.0), PartMaker(SEED, defect_rate=0.0)
    peaks = [float(np.abs(_small(bad.part(i)) - _small(good.part(i))).max()) for i in range(30)]
    assert np.quantile(peaks, 0.05) > 12


def test_labels_follow_rate_and_kinds() -> None:
    labels = [PartMaker(SEED, kinds=("pit", "crease"), defect_rate=0.3).label(i) for i in range(400)]
    assert set(labels) == {OK, "pit", "crease"}
    assert 0.2 < 1 - labels.count(OK) / len(labels) < 0.4


def test_label_is_told_without_making_the_part() -> None:
    maker = PartMaker(SEED, defect_rate=0.5)
    assert [maker.label(i) for i in range(6)] == [maker.part(i).truth.label for i in range(6)]


def test_difference_from_the_mean_does_not_find_the_defects() -> None:
    maker = PartMaker(SEED, defect_rate=0.0)
    sound = [maker.part(i) for i in range(1000, 1040)]
    means = {s: np.mean([_small(p) for p in sound if p.surface == s], axis=0) for s in {p.surface for p in sound}}
    scores: dict[bool, list[float]] = {True: [], False: []}
    for part in (PartMaker(SEED, defect_rate=0.5).part(i) for i in range(60)):
        scores[part.truth.label == OK].append(float(np.abs(_small(part) - means[part.surface]).mean()))
    wins = np.mean([bad > good for bad in scores[False] for good in scores[True]])
    assert 0.25 < wins < 0.75


@pytest.mark.parametrize(
    ("seed", "kinds", "rate"), [(-1, KINDS, 0.1), (0, ("rust",), 0.1), (0, (), 0.1), (0, KINDS, 1.5)]
)
def test_maker_refuses_what_cannot_be(seed: int, kinds: tuple[str, ...], rate: float) -> None:
    with pytest.raises(UsageError):
        PartMaker(seed, kinds=kinds, defect_rate=rate)
