"""Overlays show where, and leave the rest of the picture alone."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.inspection import Region
from engine.images.overlay import edges, enhance, heat_floor, heat_rgba, mask_rgba, render
from tests.frames import part


@pytest.fixture
def heat() -> np.ndarray:
    heat = np.zeros((16, 20), np.float32)
    heat[4:8, 10:14] = 0.9
    return heat


def test_cold_places_are_clear_and_hot_ones_are_not(heat: np.ndarray) -> None:
    rgba = heat_rgba(heat)
    assert rgba.shape == (16, 20, 4)
    assert rgba[0, 0, 3] == 0
    assert rgba[5, 11, 3] > 200
    assert mask_rgba(heat, 0.5)[..., 3].sum() == 16 * 255


@pytest.mark.parametrize("style", ["heat", "mask", "contour"])
def test_overlay_changes_the_picture_only_where_the_region_is(heat: np.ndarray, style: str) -> None:
    pixels = part(0, 128, 160)
    region = Region("d", 0.9, (80, 32, 32, 32), 1024.0, ((80, 32), (112, 32), (112, 64), (80, 64)))
    drawn = render(pixels, heat, (region,), style, 0.6)  # type: ignore[arg-type]
    plain = render(pixels, heat, (region,), "off")
    changed = np.argwhere((drawn != plain).any(axis=2))
    assert len(changed)
    assert (changed.min(axis=0) >= (20, 66)).all()
    assert (changed.max(axis=0) <= (76, 126)).all()


def test_overlay_of_a_region_of_interest_stays_inside_it(heat: np.ndarray) -> None:
    pixels = part(0, 128, 160)
    drawn = render(pixels, np.ones_like(heat), (), "heat", 1.0, roi=(40, 20, 60, 50))
    changed = np.argwhere((drawn != render(pixels, None, (), "off")).any(axis=2))
    assert tuple(changed.min(axis=0)) == (20, 40)
    assert tuple(changed.max(axis=0)) == (69, 99)


def test_view_filters_do_not_touch_the_pixels_they_are_given() -> None:
    pixels = part(200)
    before = pixels.copy()
    assert edges(pixels).max() == 255
    assert enhance(pixels).shape == pixels.shape
    assert (pixels == before).all()


def test_view_filters_are_adjustable_and_take_any_depth_and_colour() -> None:
    ramp = np.tile(np.linspace(0, 255, 160).astype(np.uint8), (128, 1))
    ramp[:, 80:] //= 2
    assert np.count_nonzero(edges(ramp, 20, 60)) > np.count_nonzero(edges(ramp, 400, 900)) == 0
    grain = part(60)
    assert float(enhance(grain, 20.0).std()) > float(enhance(grain, 1.0).std())
    for picture in (np.dstack([grain] * 3), grain.astype(np.uint16) * 257):
        assert (edges(picture) == edges(grain)).mean() > 0.99
        assert enhance(picture).shape == grain.shape


def test_anomaly_map_is_not_drawn_where_it_only_hums() -> None:
    humming = np.full((4, 4), 0.35, np.float32)
    assert heat_rgba(humming, heat_floor("anomaly", 0.5))[..., 3].max() == 0
    assert heat_rgba(humming, heat_floor("segdec", 0.5))[..., 3].min() > 0
    assert heat_rgba(np.full((4, 4), 0.6, np.float32), heat_floor("anomaly", 0.5))[..., 3].min() > 0
