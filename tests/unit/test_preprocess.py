"""What the model sees, and the way back from its map to the frame."""

from __future__ import annotations

import numpy as np
import pytest

from engine.manifest import InputSpec
from engine.preprocess import place, prepare, prepare_mask, to_uint8


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
