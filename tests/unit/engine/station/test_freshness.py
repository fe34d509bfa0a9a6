"""An old frame is never taken for a new one: sequence, the camera's clock, content, age."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from engine.domain.inspection import Frame, utc_now
from engine.station.freshness import REMEMBERED, Freshness, content_hash
from tests.camera import FakeCamera

NOW = utc_now()


def _frames(count: int) -> list[Frame]:
    camera = FakeCamera()
    return [replace(camera.picture(), captured_at=NOW, device_ns=1000 * (n + 1)) for n in range(count)]


def test_new_frames_raise_no_doubt() -> None:
    fresh = Freshness()
    assert [fresh.doubt(frame, NOW, 2.0) for frame in _frames(40)] == [""] * 40


def test_a_sequence_that_does_not_grow_is_an_old_frame() -> None:
    fresh, (first, second, third) = Freshness(), _frames(3)
    assert fresh.doubt(second, NOW, 2.0) == ""
    assert "repeated frame 2" in fresh.doubt(replace(first, sequence=2), NOW, 2.0)
    assert "repeated frame 1" in fresh.doubt(replace(third, sequence=1), NOW, 2.0)


def test_a_camera_clock_that_stands_still_is_an_old_frame() -> None:
    fresh, (first, second) = Freshness(), _frames(2)
    assert fresh.doubt(first, NOW, 2.0) == ""
    assert "time stamp" in fresh.doubt(replace(second, device_ns=first.device_ns), NOW, 2.0)


@pytest.mark.parametrize("back", [1, 2, REMEMBERED])
def test_pixels_seen_a_few_frames_ago_are_an_old_frame_whatever_its_number(back: int) -> None:
    fresh, frames = Freshness(), _frames(REMEMBERED + 4)
    for frame in frames[:-1]:
        fresh.doubt(frame, NOW, 2.0)
    again = replace(frames[-1], pixels=frames[-1 - back].pixels.copy())
    assert "same picture" in fresh.doubt(again, NOW, 2.0)


def test_the_same_flat_picture_again_names_the_likely_cause() -> None:
    fresh, (first, second) = Freshness(), _frames(2)
    white = np.full((96, 128), 255, np.uint8)
    assert fresh.doubt(replace(first, pixels=white), NOW, 2.0) == ""
    assert "exposure" in fresh.doubt(replace(second, pixels=white.copy()), NOW, 2.0)


def test_age_counts_from_the_exposure_and_does_not_matter_where_a_trigger_asked() -> None:
    fresh, (first, second, third) = Freshness(), _frames(3)
    assert "3.0 s old" in fresh.doubt(replace(first, captured_at=NOW - timedelta(seconds=3)), NOW, 2.0)
    assert "4.0 s old" in fresh.doubt(replace(second, exposed_at=NOW - timedelta(seconds=4)), NOW, 2.0)
    assert fresh.doubt(replace(third, captured_at=NOW - timedelta(seconds=3)), NOW, None) == ""


def test_after_a_reopening_counters_may_start_anew_but_an_old_picture_stays_old() -> None:
    fresh, (first, second) = Freshness(), _frames(2)
    assert fresh.doubt(replace(first, sequence=900, device_ns=10**12), NOW, 2.0) == ""
    fresh.reopened()
    assert "same picture" in fresh.doubt(replace(first, sequence=0), NOW, 2.0)
    assert fresh.doubt(replace(second, sequence=1, device_ns=5000), NOW, 2.0) == ""


def test_the_hash_tells_every_pixel_the_shape_and_the_depth() -> None:
    pixels = np.arange(96, dtype=np.uint8).reshape(8, 12)
    other = pixels.copy()
    other[3, 3] ^= 1
    hashes = {content_hash(p) for p in (pixels, other, pixels.reshape(12, 8), pixels.view(np.uint16))}
    assert len(hashes) == 4
    assert content_hash(pixels[:, ::2]) == content_hash(pixels[:, ::2].copy())
