"""The input size keeps the pictures' sides in proportion, in multiples of 32 and within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backbone.size import AREA, input_size
from engine.errors import InputError

SIDES = st.integers(1, 20_000)


@pytest.mark.parametrize(
    ("pictures", "places", "size"),
    [
        ([(300, 300)], False, (224, 224)),
        ([(300, 300)], True, (224, 224)),
        ([(200, 200)], False, (224, 224)),
        ([(1250, 500)], True, (640, 256)),
        ([(500, 1250)], True, (256, 640)),
        ([(1250, 500)], False, (576, 224)),
        ([(1024, 1280)], False, (224, 288)),
        ([(1024, 1280)], True, (384, 448)),
        ([(300, 300), (300, 300), (2000, 100)], False, (224, 224)),
        ([(100, 4000)], False, (64, 2688)),
    ],
)
def test_size_for_pictures_of_a_size(pictures: list[tuple[int, int]], places: bool, size: tuple[int, int]) -> None:
    assert input_size(pictures, places=places) == size


@given(SIDES, SIDES, st.booleans())
def test_any_pictures_have_a_size_that_the_backbone_takes(height: int, width: int, places: bool) -> None:
    found = input_size([(height, width)], places=places)
    assert all(side % 32 == 0 and side >= 64 for side in found)
    assert found[0] * found[1] <= AREA
    assert (found[0] - found[1]) * (height - width) >= 0
    if max(height, width) <= 4 * min(height, width):
        assert found[0] / found[1] == pytest.approx(height / width, rel=0.2)


def test_no_picture_has_no_size() -> None:
    with pytest.raises(InputError, match="no picture to choose the input size from"):
        input_size([])
