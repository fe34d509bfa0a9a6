"""The imaging self-test: its figures follow the picture and nothing else, and drift is told in time and in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.domain.inspection import Frame, Pixels
from engine.domain.recipe import Imaging, View
from engine.images.depth import BAYER_PATTERNS, develop, to_channels
from engine.preprocessing.golden import figures, grey_of, imaging_of, shift
from engine.station.drift import Drift, ImagingWatch, compare

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def scene(height: int = 240, width: int = 320) -> NDArray[np.uint8]:
    """Smooth random grey from 20 to 200: structure everywhere, nothing on top."""
    noise = np.random.default_rng(7).normal(0.0, 1.0, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3.0)
    return np.asarray(cv2.normalize(smooth, np.empty_like(smooth), 20, 200, cv2.NORM_MINMAX), np.uint8)


def moved(picture: NDArray[np.uint8], dx: int, dy: int) -> NDArray[np.uint8]:
    way = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, way, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


def gained(picture: NDArray[np.uint8], gain: float) -> NDArray[np.uint8]:
    return np.clip(np.rint(picture * gain), 0, 255).astype(np.uint8)


def blurred(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 4.0), np.uint8)


def frame(pixels: Pixels, second: float, bits: int = 0, bayer: str = "") -> Frame:
    return Frame(pixels, "gige:1", round(second * 10), START + timedelta(seconds=second), bits=bits, bayer=bayer)


def after(watch: ImagingWatch, pixels: Pixels, frames: int, start: float = 0.0) -> Drift:
    """What the watch says after so many frames, one a second."""
    return [watch.take(frame(pixels, start + n)) for n in range(frames)][-1]


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_half_grey_and_a_white_quarter_at_every_depth(bits: int) -> None:
    full = (1 << bits) - 1
    pixels = np.full((64, 64), full // 2, np.uint8 if bits == 8 else np.uint16)
    pixels[:32, :32] = full
    found = figures(pixels, bits)
    assert found.brightness == pytest.approx(0.25 + 0.75 * (full // 2) / full)
    assert found.saturation == 0.25
    assert found.histogram.dtype == np.int64
    assert (found.histogram.shape, found.histogram[255], found.histogram[127]) == ((256,), 1024, 3072)


def test_one_pixel_just_under_full_scale_is_not_on_top() -> None:
    pixels = np.zeros((100, 100), np.uint16)
    pixels[3, 4], pixels[7, 8] = 4095, 4094
    assert figures(pixels, 12).saturation == 1e-4


def test_a_colour_counts_as_on_top_when_one_channel_is() -> None:
    pixels = np.full((40, 50, 3), 100, np.uint8)
    pixels[:20, :, 2] = 255
    found = figures(pixels)
    assert found.saturation == 0.5
    assert found.brightness == pytest.approx((100 * 0.701 + 0.299 * (100 + 255) / 2) / 255)
    assert found.histogram.sum() == pixels.size


@pytest.mark.parametrize("bayer", BAYER_PATTERNS)
def test_brightness_of_a_mosaic_is_that_of_the_picture_it_becomes(bayer: str) -> None:
    cell = np.array([{"R": 200, "G": 90, "B": 30}[c] for c in bayer], np.uint8).reshape(2, 2)
    mosaic = np.tile(cell, (32, 40))
    grey = to_channels(develop(mosaic, 0, bayer), 1)
    assert figures(mosaic, 8, bayer).brightness == pytest.approx(float(grey.mean()) / 255, abs=0.01)


@pytest.mark.parametrize("bayer", BAYER_PATTERNS)
def test_focus_of_a_mosaic_is_of_the_scene_whatever_its_colour(bayer: str) -> None:
    def seen(red: float, blue: float) -> float:
        gains = np.array([{"R": red, "G": 1.0, "B": blue}[c] for c in bayer]).reshape(2, 2)
        return figures((scene() * np.tile(gains, (120, 160))).astype(np.uint8), 8, bayer).focus

    assert seen(1.0, 1.0) > 0.02
    assert seen(0.3, 0.7) == seen(1.0, 1.0)


def test_focus_falls_with_blur_and_hardly_moves_with_brightness() -> None:
    sharp = figures(scene()).focus
    assert sharp > 0.02
    for gain in (0.4, 0.7, 1.2):
        assert figures(gained(scene(), gain)).focus == pytest.approx(sharp, rel=0.05)
    assert figures(scene().astype(np.uint16) * 16, 12).focus == pytest.approx(sharp, rel=0.05)
    assert figures(blurred(scene())).focus < 0.6 * sharp


def test_focus_of_a_large_picture_sees_its_whole_height() -> None:
    pixels = np.full((1600, 1000), 100, np.uint8)
    flat = figures(pixels).focus
    pixels[1560:, ::2] = 140
    assert flat == 0.0
    assert figures(pixels).focus > 0.0


def test_covered_lens_has_no_focus() -> None:
    assert figures(np.random.default_rng(1).integers(0, 3, (64, 64), np.uint8)).focus == 0.0


@pytest.mark.parametrize(
    ("pixels", "bayer"),
    [
        (np.zeros((8, 8, 3), np.uint8), "RGGB"),
        (np.zeros((8, 8), np.uint8), "RGB"),
        (np.zeros((0, 8), np.uint8), ""),
        (np.zeros((8, 8), np.float32), ""),
    ],
)
def test_what_is_no_picture_is_refused(pixels: Pixels, bayer: str) -> None:
    with pytest.raises(ValueError, match=r"it is no mosaic|its shape|uint8 or uint16"):
        figures(pixels, 0, bayer)


@pytest.mark.parametrize("bayer", ["", *BAYER_PATTERNS])
@pytest.mark.parametrize("bits", [0, 12])
def test_grey_of_a_frame_is_the_grey_of_its_golden_picture(bits: int, bayer: str) -> None:
    pixels = scene().astype(np.uint16) * 16 + 5
    golden = imaging_of(pixels, bits, bayer).golden
    assert np.abs(grey_of(pixels, bits, bayer).astype(int) - golden).max() <= 1


# ── shift ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (6, -3), (-25, 14)])
def test_shift_is_told_in_frame_pixels(dx: int, dy: int) -> None:
    golden = scene(480, 800)
    x, y, sure = shift(golden, gained(moved(golden, dx, dy), 0.7))
    assert (x, y) == (pytest.approx(dx, abs=1.0), pytest.approx(dy, abs=1.0))
    assert sure > 0.5


def test_unlike_flat_and_other_sized_pictures_have_no_sure_shift() -> None:
    other = np.random.default_rng(3).integers(0, 255, (240, 320), np.uint8)
    assert shift(scene(), other)[2] < 0.3
    assert shift(scene(), np.full((240, 320), 90, np.uint8)) == (0.0, 0.0, 0.0)
    assert shift(scene(), scene(100, 100)) == (0.0, 0.0, 0.0)


# ── the self-test on demand ──────────────────────────────────────────────────────────────────────────────────────────
def test_golden_picture_passes_its_own_test() -> None:
    checks = compare(imaging_of(scene()), scene())
    assert [c.name for c in checks] == ["brightness", "saturation", "focus", "shift"]
    assert {c.level for c in checks} == {"fine"}
    assert all(c.now == pytest.approx(c.golden, abs=1e-6) for c in checks)


@pytest.mark.parametrize(
    ("change", "name", "level", "said"),
    [
        (lambda p: gained(p, 0.85), "brightness", "warn", "15 % darker.*limit 10 %.*lamp"),
        (lambda p: gained(p, 1.24), "brightness", "review", "24 % brighter.*limit 20 %.*stray light"),
        (blurred, "focus", "review", "lost .* % of its sharpness.*limit 50 %"),
        (lambda p: moved(p, 9, 0), "shift", "warn", "moved by 9 px.*limit 5 px"),
        (lambda p: moved(p, 9, 21), "shift", "review", "moved by 23 px.*limit 20 px"),
        (lambda p: np.where(p > 135, 255, p).astype(np.uint8), "saturation", "review", "more of the picture is over"),
    ],
)
def test_each_drift_is_told_by_its_own_figure(
    change: Callable[[NDArray[np.uint8]], Pixels], name: str, level: str, said: str
) -> None:
    (found,) = [c for c in compare(imaging_of(scene()), change(scene())) if c.name == name]
    assert found.level == level
    assert re.search(said, found.words), found.words


def test_colour_and_mosaics_are_held_against_their_golden_picture_in_kind() -> None:
    mosaic = scene().astype(np.uint16) * 16
    imaging = imaging_of(mosaic, 12, "GBRG")
    assert {c.level for c in compare(imaging, mosaic, 12, "GBRG")} == {"fine"}
    assert compare(imaging, mosaic // 2, 12, "GBRG")[0].level == "review"
    colour = np.dstack([scene(), scene() // 2, scene() // 3])
    assert {c.level for c in compare(imaging_of(colour), colour)} == {"fine"}


def test_picture_of_another_size_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="it has 100×80 pixels instead of 320×240"):
        compare(imaging_of(scene()), scene(80, 100))


def test_flat_golden_picture_judges_neither_focus_nor_shift() -> None:
    checks = compare(imaging_of(np.full((100, 100), 80, np.uint8)), scene(100, 100))
    assert [c.name for c in checks if np.isnan(c.drift)] == ["focus", "shift"]
    assert all(c.level == "fine" for c in checks if c.name in ("focus", "shift"))


# ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────────────
def imaging(**changes: object) -> Imaging:
    return replace(imaging_of(scene()), **{"frames": 5, **changes})  # type: ignore[arg-type]


def test_without_a_golden_picture_all_is_fine() -> None:
    drift = after(ImagingWatch(None), np.zeros((20, 20), np.uint8), 30)
    assert (drift.level, drift.words, drift.checks) == ("fine", "", ())


def test_one_odd_part_is_no_drift_and_a_lasting_change_is() -> None:
    watch = ImagingWatch(imaging())
    assert after(watch, scene(), 5).level == "fine"
    assert watch.take(frame(gained(scene(), 0.5), 5)).level == "fine"
    assert after(watch, scene(), 5, 6).level == "fine"
    drift = after(watch, gained(scene(), 0.75), 3, 11)
    assert (drift.level, drift.words) == (
        "review",
        "the picture is 25 % darker than the golden one (limit 20 %): lamp, aperture, dirt?",
    )


def test_the_worst_is_told_first() -> None:
    drift = after(ImagingWatch(imaging()), moved(gained(scene(), 0.86), 15, 18), 5)
    assert drift.level == "review"
    first, second = drift.words.split("; ")
    assert "moved by 23 px" in first
    assert "darker" in second


def test_a_level_is_left_only_well_below_its_limit() -> None:
    watch = ImagingWatch(imaging())
    levels = [after(watch, gained(scene(), g), 5, 10 * n).level for n, g in enumerate((0.79, 0.82, 0.85, 0.91, 0.93))]
    assert levels == ["review", "review", "warn", "warn", "fine"]
    assert after(ImagingWatch(imaging()), gained(scene(), 0.82), 5).level == "warn", "reached from below"


def test_before_the_window_is_full_only_what_is_far_out_is_told() -> None:
    assert after(ImagingWatch(imaging(frames=15)), gained(scene(), 0.7), 14).level == "fine"
    assert after(ImagingWatch(imaging(frames=15)), gained(scene(), 0.7), 15).level == "review"
    assert after(ImagingWatch(imaging(frames=15)), gained(scene(), 0.4), 2).level == "fine"
    assert after(ImagingWatch(imaging(frames=15)), gained(scene(), 0.4), 3).level == "review"
    assert after(ImagingWatch(imaging(frames=1)), gained(scene(), 0.7), 1).level == "review"


def test_a_fast_camera_is_measured_five_times_a_second() -> None:
    watch, seen = ImagingWatch(imaging()), []
    for n in range(100):
        seen.append(watch.take(frame(gained(scene(), 0.7), n / 100)))
    assert [d.level for d in seen].index("review") == 80, "the fifth measured frame"
    assert len({id(d) for d in seen}) == 5


def test_a_clock_set_back_does_not_stop_the_watch() -> None:
    watch = ImagingWatch(imaging())
    assert after(watch, scene(), 5, 1000).level == "fine"
    assert after(watch, gained(scene(), 0.7), 5, 0).level == "review"


def test_reset_forgets_what_was_seen() -> None:
    watch = ImagingWatch(imaging())
    assert after(watch, gained(scene(), 0.7), 5).level == "review"
    watch.reset()
    assert after(watch, scene(), 1, 20).level == "fine"


def test_a_camera_set_to_another_size_is_review_at_once_until_it_is_set_back() -> None:
    watch = ImagingWatch(imaging())
    after(watch, scene(), 5)
    drift = watch.take(frame(scene(120, 160), 6))
    assert (drift.level, "160×120 pixels instead of 320×240" in drift.words) == ("review", True)
    assert after(watch, scene(), 1, 7).level == "fine"


def test_recipes_depth_goes_before_the_cameras() -> None:
    deep = scene().astype(np.uint16) * 16
    golden = replace(imaging_of(deep, 12), frames=1)
    watch = ImagingWatch(golden, View(bits=12))
    assert watch.take(frame(deep, 0, bits=16)).level == "fine"
    assert ImagingWatch(golden).take(frame(deep, 0, bits=16)).level == "review"
