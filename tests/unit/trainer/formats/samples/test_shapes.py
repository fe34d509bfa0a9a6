"""Outlines: their areas, and the pixels they fill, both worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.labelled import SIZE, box_mask
from trainer.formats.samples.shapes import Kind, Shape, draw, rectangle

HEIGHT, WIDTH = SIZE


def shape(kind: Kind, *points: tuple[float, float]) -> Shape:
    return Shape(kind, np.array(points, np.float64))


@pytest.mark.parametrize(
    ("drawn", "area"),
    [
        (shape("polygon", (0, 0), (4, 0), (0, 3)), 6.0),
        (shape("polygon", (0, 3), (4, 0), (0, 0)), 6.0),
        (shape("polygon", (1, 1), (4, 1), (4, 2), (2, 2), (2, 5), (1, 5)), 6.0),
        (rectangle(1, 2, 5.5, 4), 9.0),
        (shape("circle", (5, 5), (8, 9)), 25 * math.pi),
        (shape("line", (0, 0), (3, 4), (3, 10)), 11.0),
    ],
    ids=["triangle", "the other way round", "angle", "rectangle", "circle", "line counts its length"],
)
def test_area_is_the_enclosed_one(drawn: Shape, area: float) -> None:
    assert drawn.area == pytest.approx(area)


def test_rectangle_goes_round_its_corners() -> None:
    assert rectangle(1, 2, 5, 4).kind == "polygon"
    assert rectangle(1, 2, 5, 4).points.tolist() == [[1, 2], [5, 2], [5, 4], [1, 4]]


def test_polygon_is_filled_with_its_outline() -> None:
    mask = draw([rectangle(4, 5, 10, 9)], *SIZE)
    assert mask.dtype == np.uint8 and np.array_equal(mask, box_mask(4, 5, 11, 10))


def test_corners_go_to_the_nearest_pixel_centre_at_both_ends() -> None:
    assert np.array_equal(draw([rectangle(3.6, 4.6, 8.4, 9.4)], *SIZE), box_mask(4, 5, 9, 10))
    assert np.array_equal(draw([rectangle(3.4, 4.4, 8.6, 9.6)], *SIZE), box_mask(3, 4, 10, 11))


def test_corners_on_the_picture_s_first_and_last_pixels_fill_it_all() -> None:
    assert (draw([rectangle(0, 0, WIDTH - 1, HEIGHT - 1)], *SIZE) == 255).all()
    inner = draw([rectangle(1, 1, WIDTH - 2, HEIGHT - 2)], *SIZE)
    assert np.array_equal(inner, box_mask(1, 1, WIDTH - 1, HEIGHT - 1))


def test_outline_far_outside_the_picture_fills_what_is_inside() -> None:
    assert (draw([rectangle(-1e6, -1e6, 1e6, 1e6)], *SIZE) == 255).all()
    assert np.array_equal(draw([rectangle(10, -1e6, 1e6, 1e6)], *SIZE), box_mask(10, 0, WIDTH, HEIGHT))


def test_circle_reaches_as_far_as_the_point_of_its_edge() -> None:
    mask = draw([shape("circle", (12, 10), (15, 14))], *SIZE)
    assert np.flatnonzero(mask[10]).tolist() == list(range(7, 18))
    assert np.flatnonzero(mask[:, 12]).tolist() == list(range(5, 16))
    assert not mask[6, 8] and mask.sum() / 255 == pytest.approx(math.pi * 25, rel=0.15)
    assert set(np.unique(mask)) == {0, 255}


def test_line_is_one_pixel_wide_and_open() -> None:
    mask = draw([shape("line", (2, 3), (9, 3), (9, 8))], *SIZE)
    assert np.array_equal(mask, box_mask(2, 3, 10, 4) | box_mask(9, 3, 10, 9))


def test_several_shapes_lie_over_each_other_and_none_is_empty() -> None:
    both = draw([rectangle(0, 0, 3, 3), rectangle(2, 2, 6, 6)], *SIZE)
    assert np.array_equal(both, box_mask(0, 0, 4, 4) | box_mask(2, 2, 7, 7))
    assert draw([], 3, 5).shape == (3, 5) and not draw([], 3, 5).any()
