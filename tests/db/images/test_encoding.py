"""Pixels as they are kept: what is refused, and the digest that equal pixels share."""

from __future__ import annotations

import numpy as np
import pytest

from db.images.encoding import encode_png, heat_as_grey, heat_of_grey, pixels_digest
from engine.errors import InputError


def test_digest_tells_pixels_apart_and_ignores_memory_layout() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert pixels_digest(pixels) == pixels_digest(np.asfortranarray(pixels))
    changed = pixels.copy()
    changed[2, 1] ^= 1
    assert pixels_digest(changed) != pixels_digest(pixels)
    assert pixels_digest(np.ascontiguousarray(pixels.T)) != pixels_digest(pixels)


@pytest.mark.parametrize("pixels", [np.zeros((3, 4), np.float32), np.zeros((0, 4), np.uint8)], ids=["float", "empty"])
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(InputError, match="cannot be archived"):
        encode_png(pixels)


def test_heat_outside_its_range_is_brought_in() -> None:
    heat = np.array([[-1.0, 0.0, 0.5, 2.0, np.nan, np.inf]], np.float32)
    assert heat_of_grey(heat_as_grey(heat))[0].tolist() == pytest.approx([0, 0, 128 / 255, 1, 0, 1])
