"""What the model sees, and the way back from its map to the frame."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.recipe import Tiles, View
from engine.images.depth import BAYER_PATTERNS, debayer, develop, to_uint8
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.look import look
from engine.preprocessing.placement import place, prepare, prepare_mask, tile_boxes
from tests.frames import part

GREY = InputSpec(height=64, width=80, channels=1)


@pytest.mark.parametrize("resize", ["stretch", "letterbox"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(100, 300), (300, 100), (64, 80), (20, 20)])
def test_every_picture_gets_the_models_shape(resize: str, channels: int, size: tuple[int, int]) -> None:
    spec = InputSpec.model_validate({"height": 64, "width": 80, "channels": channels, "resize": resize})
    for pixels in (np.full(size, 9, np.uint8), np.full((*size, 3), 9, np.uint8), np.full(size, 900, np.uint16)):
        prepared = prepare(pixels, spec)
        assert prepared.shape == (64, 80, channels)
        assert prepared.dtype == np.uint8
        assert prepared.flags.c_contiguous


@pytest.mark.parametrize("resize", ["stretch", "letterbox"])
def test_a_point_found_in_the_input_lies_where_it_was_in_the_frame(resize: str) -> None:
    spec = InputSpec.model_validate({"height": 128, "width": 160, "channels": 1, "resize": resize})
    pixels = np.zeros((400, 900), np.uint8)
    pixels[300:320, 700:720] = 255
    roi = (100, 50, 700, 330)
    prepared = prepare(pixels, spec, roi)[..., 0]
    y, x = np.unravel_index(int(prepared.argmax()), prepared.shape)
    found = place((400, 900), spec, roi).to_frame(float(x) + 0.5, float(y) + 0.5)
    assert abs(found[0] - 710) <= 10
    assert abs(found[1] - 310) <= 10


def test_letterbox_keeps_proportions_and_pads_with_grey() -> None:
    spec = InputSpec(height=100, width=100, channels=1, resize="letterbox")
    prepared = prepare(np.zeros((50, 100), np.uint8), spec)[..., 0]
    assert (prepared[:20] == 114).all()
    assert (prepared[30:70] == 0).all()


@pytest.mark.parametrize(("peak", "bits"), [(255, 8), (1023, 10), (4095, 12), (65535, 16)])
def test_16_bit_pictures_use_the_bits_they_have(peak: int, bits: int) -> None:
    assert int(to_uint8(np.array([[0, peak]], np.uint16)).max()) == 255


def test_thin_defects_survive_shrinking() -> None:
    spec = InputSpec(height=96, width=120, channels=1)
    mask = np.zeros((384, 480), np.uint8)
    mask[100:102, 50:400] = 255
    small = prepare_mask(mask, spec)
    assert small[25, 20:90].all()
    assert set(np.unique(small)) == {0, 255}


@given(st.integers(8, 3000), st.integers(16, 900), st.floats(0.0, 0.8))
def test_tiles_cover_everything_and_overlap_as_asked(length: int, tile: int, overlap: float) -> None:
    boxes = tile_boxes((40, length), Tiles(64, tile, overlap))
    starts = [x for x, *_ in boxes]
    assert all(box[1:] == (0, min(tile, length), 40) for box in boxes), "a tile larger than the region is the region"
    assert starts[0] == 0
    assert starts[-1] + boxes[-1][2] == length, "the last tile is flush with the edge"
    assert all(b > a and tile - (b - a) >= overlap * tile - 1e-9 for a, b in pairwise(starts))


def test_tiles_are_laid_row_by_row_over_the_region_of_interest() -> None:
    pixels = np.arange(200 * 300, dtype=np.uint32).reshape(200, 300).astype(np.uint8)
    seen = look(pixels, GREY, View(roi=(20, 10, 160, 96), tiles=Tiles(64, 80, 0.0)))
    assert seen.boxes == ((20, 10, 80, 64), (100, 10, 80, 64), (20, 42, 80, 64), (100, 42, 80, 64))
    assert (seen.inputs[3][..., 0] == pixels[42:106, 100:180]).all(), "a tile of the input's size is not resampled"
    assert seen.places[3].to_frame(0, 0) == (100, 42)


def test_outside_the_polygon_everything_is_painted_before_resizing_and_the_frame_is_left_alone() -> None:
    pixels = np.full((128, 160), 250, np.uint8)
    seen = look(pixels, GREY, View(polygon=((0, 0), (79, 0), (79, 127), (0, 127))))
    assert (seen.inputs[0][:, :40] == 250).all()
    assert (seen.inputs[0][:, 41:] == 114).all()
    assert (pixels == 250).all()
    colour = look(np.dstack([pixels] * 3), GREY, View(polygon=((0, 0), (79, 0), (79, 127), (0, 127))))
    assert (colour.inputs[0] == seen.inputs[0]).all()


def test_paint_does_not_count_for_the_pictures_quality() -> None:
    pixels = np.full((128, 160), 255, np.uint8)
    pixels[:, :80] = part(0, 128, 80)
    left = look(pixels, GREY, View(polygon=((0, 0), (79, 0), (79, 127), (0, 127)))).quality
    alone = look(pixels, GREY, View(roi=(0, 0, 80, 128))).quality
    assert left.brightness == pytest.approx(alone.brightness, abs=1.0)
    assert left.contrast < 6.0
    assert left.clipped == 0.0
    black = look(np.zeros((128, 160), np.uint8), GREY, View(polygon=((40, 40), (90, 40), (90, 90)))).quality
    assert black.brightness == 0.0, "a lens cap is dark however much is painted grey"


def test_tiles_outside_the_polygon_are_not_judged() -> None:
    view = View(polygon=((5, 5), (60, 5), (60, 50), (5, 50)), tiles=Tiles(64, 80, 0.0))
    assert look(np.zeros((128, 160), np.uint8), GREY, view).boxes == ((0, 0, 80, 64),)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (View(roi=(100, 0, 100, 64)), "region of interest lies outside"),
        (View(polygon=((10, 10), (200, 10), (10, 90))), "polygon lies outside the frame"),
        (View(roi=(0, 0, 40, 40), polygon=((90, 90), (140, 90), (90, 120))), "outside its region of interest"),
        (View(tiles=Tiles(4, 4, 0.0)), "too small: 1280"),
    ],
)
def test_view_that_a_frame_does_not_hold_shows_the_model_nothing(view: View, said: str) -> None:
    seen = look(part(0, 128, 160), GREY, view)
    assert seen.inputs == seen.places == ()
    assert said in seen.lost
    assert look(part(0, 128, 160), GREY).lost == ""


def test_stated_depth_keeps_the_brightness_of_every_frame() -> None:
    dark, bright = np.full((64, 80), 600, np.uint16), np.full((64, 80), 3000, np.uint16)
    shown = [int(look(p, GREY, View(bits=12)).inputs[0][0, 0, 0]) for p in (dark, bright)]
    assert shown == [600 >> 4, 3000 >> 4]
    assert to_uint8(np.array([[5000]], np.uint16), 12).max() == 255, "brighter than its depth is white"
    assert to_uint8(np.array([[200]], np.uint16), 8).max() == 200
    assert View().stated(10).bits == 10
    assert View(bits=12).stated(10).bits == 12, "the recipe goes before the camera"


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("pattern", BAYER_PATTERNS)
def test_mosaic_gives_the_colours_it_was_taken_through(pattern: str, kind: type) -> None:
    light = {"B": 40, "G": 90, "R": 200}
    cell = np.array([light[c] for c in pattern], kind).reshape(2, 2)
    colour = debayer(np.tile(cell, (8, 8)), pattern)
    assert colour.dtype == kind
    assert colour.shape == (16, 16, 3)
    assert (colour == np.array([40, 90, 200])).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bayer", ["", *BAYER_PATTERNS])
@pytest.mark.parametrize("bits", [0, 10, 12, 16])
def test_developed_frame_is_what_the_model_sees_of_it(bits: int, bayer: str, channels: int) -> None:
    pixels = np.random.default_rng(bits).integers(0, 1 << (bits or 12), (64, 80), np.uint16)
    spec = InputSpec(height=32, width=40, channels=channels)  # type: ignore[arg-type]
    (raw,) = look(pixels, spec, View(bits=bits, bayer=bayer)).inputs
    (developed,) = look(develop(pixels, bits, bayer), spec).inputs
    np.testing.assert_array_equal(raw, developed)


def test_eight_bit_picture_is_developed_already() -> None:
    plain = part(0, 40, 50)
    assert develop(plain, 8) is plain
    with pytest.raises(ValueError, match="one channel"):
        develop(np.zeros((64, 80, 3), np.uint8), 8, "RGGB")


def test_raw_mosaic_is_shown_to_the_model_in_colour() -> None:
    mosaic = np.tile(np.array([[800, 360], [360, 160]], np.uint16), (32, 40))
    spec = InputSpec(height=64, width=80, channels=3)
    seen = look(mosaic, spec, View(bits=10, bayer="RGGB"))
    assert (seen.inputs[0] == np.array([40, 90, 200])).all()
    with pytest.raises(ValueError, match="one channel"):
        look(np.zeros((64, 80, 3), np.uint8), spec, View(bayer="RGGB"))
    with pytest.raises(ValueError, match="RGGB"):
        debayer(mosaic, "RGBG")


@pytest.mark.parametrize("resize", ["stretch", "letterbox"])
@pytest.mark.parametrize("height", [120, 360])
def test_edges_tell_a_sharp_picture_of_little_detail_from_a_blurred_one(resize: str, height: int) -> None:
    spec = InputSpec.model_validate({"height": 180, "width": 240, "channels": 1, "resize": resize})
    step = np.full((height, height), 90, np.uint8)
    cv2.circle(step, (height // 2, height // 2), height // 3, 150, -1, cv2.LINE_AA)
    sharp = look(step, spec).quality
    for sigma, most in ((0.01, 0.8), (0.04, 0.4)):
        blurred = look(cv2.GaussianBlur(step, (0, 0), sigma * height), spec).quality
        assert blurred.edges < most < 1.0 < sharp.edges
    faint = look(np.where(step > 120, np.uint8(100), np.uint8(90)), spec).quality
    assert faint.edges > 0.9, "however little an edge stands out"
    assert look(step * 0 + 90, spec).quality.edges == 0.0


def test_paint_and_border_are_no_edges() -> None:
    slope = np.tile(np.linspace(60, 200, 240).astype(np.uint8), (120, 1))
    spec = InputSpec(height=240, width=240, channels=1, resize="letterbox")
    assert look(slope, spec, View(polygon=((30, 20), (200, 20), (200, 100), (30, 100)))).quality.edges == 0.0
    assert look(slope, spec).quality.edges == 0.0
