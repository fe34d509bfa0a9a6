"""Varied copies: always the same ones of a picture, each of one kind, and the mask goes where the picture goes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.learning.variation import Variation, moved, moved_mask, variations, varied

STILL = Variation(1.0, 1.0, 0.0, 0.0, 0, 0.0, False, False, 0)


def picture(seed: int, channels: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(60, 150, (48, 64, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_copies_are_the_same_every_time_and_differ_by_picture_and_seed(channels: int) -> None:
    first = [varied(picture(1, channels), how) for how in variations(picture(1, channels))]
    again = [varied(picture(1, channels), how) for how in variations(picture(1, channels))]
    assert len(first) == 4
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(copy.shape == (48, 64, channels) and copy.dtype == np.uint8 for copy in first)
    assert variations(picture(1)) != variations(picture(2))
    assert variations(picture(1)) != variations(picture(1), seed=1)


def test_one_copy_is_darker_one_brighter_one_of_other_contrast() -> None:
    for seed in range(20):
        dim, bright, contrast, spoilt = variations(picture(seed))
        assert dim.gain < 0.85 < bright.gain and bright.gain > 1.15
        assert abs(contrast.contrast - 1.0) > 0.1
        assert sum((spoilt.blur > 0, spoilt.noise > 0, spoilt.quality > 0)) == 1


def test_light_is_multiplied() -> None:
    for gain in (0.6, 1.5):
        made = varied(picture(3), Variation(gain, 1.0, 0.0, 0.0, 0, 0.0, False, False, 0))
        assert np.abs(made - np.rint(picture(3) * np.float32(gain))).max() <= 1.0


def test_more_copies_than_four_show_every_way_to_spoil_a_picture() -> None:
    first, more = variations(picture(1)), variations(picture(1), copies=8)
    assert more[:4] == first
    assert [(how.blur > 0, how.noise > 0, how.quality > 0) for how in more[5:]] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


@pytest.mark.parametrize("quality", [0, 60])
def test_blur_noise_and_compression_change_the_pixels_and_keep_the_light(quality: int) -> None:
    how = Variation(1.0, 1.0, 1.5, 8.0, quality, 0.0, False, False, 5)
    made = varied(picture(4), how)
    assert not np.array_equal(made, picture(4))
    assert abs(float(made.mean()) - float(picture(4).mean())) < 3.0


def test_still_copy_is_the_picture() -> None:
    assert np.array_equal(varied(picture(5), STILL), picture(5))


def test_mask_lies_on_the_copy_as_on_the_picture() -> None:
    spot = np.full((48, 64, 1), 100, np.uint8)
    mask = np.zeros((48, 64), np.uint8)
    spot[10:20, 40:52], mask[10:20, 40:52] = 250, 255
    how = Variation(1.0, 1.0, 0.0, 0.0, 0, 5.0, True, True, 0)
    copy, placed = varied(spot, how), moved_mask(mask, how)
    assert set(np.unique(placed)) == {0, 255}
    assert (copy[placed > 0] > 150).mean() > 0.97 and (copy[placed == 0] > 200).mean() < 0.01
    assert np.array_equal(moved(mask, STILL), mask)
