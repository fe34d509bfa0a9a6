"""A camera's bytes as pixels: nothing is lost, and sizes that cannot be are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import FrameIncomplete, UnsupportedProperty
from engine.sources.genicam.pixel_formats import FORMATS, MAX_SIDE, NAMES, name_of, unpack

MOSAICS = {"Mono": "", "BayerRG": "RGGB", "BayerBG": "BGGR", "BayerGR": "GRBG", "BayerGB": "GBRG"}


def lsb_packed(values: list[int], bits: int) -> bytes:
    """PFNC's p, by the definition: one long number, the first pixel in its lowest bits."""
    number = sum(value << place * bits for place, value in enumerate(values))
    return number.to_bytes(-(-len(values) * bits // 8), "little")


def gev_packed(values: list[int], bits: int) -> bytes:
    """By GigE Vision 1.2: bits 9…2 or 11…4 of the first, the low bits of both, the second's high."""
    low, out = bits - 8, b""
    for first, second in zip(values[::2], [*values[1::2], 0], strict=False):
        mask = (1 << low) - 1
        out += bytes((first >> low, (first & mask) | (second & mask) << 4, second >> low))
    return out


def words(values: list[int], _bits: int) -> bytes:
    """Low byte first."""
    return b"".join(value.to_bytes(2, "little") for value in values)


CASES = [(f"{bits}p", bits, lsb_packed) for bits in (10, 12)]
CASES += [(f"{bits}Packed", bits, gev_packed) for bits in (10, 12)]
CASES += [(str(bits), bits, words) for bits in (10, 12, 14, 16)]


def as_array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_was_packed_comes_out_again(data: st.DataObject) -> None:
    suffix, bits, pack = data.draw(st.sampled_from(CASES))
    stem = data.draw(st.sampled_from(sorted(MOSAICS)))
    width, height = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 4))
    pixel = st.integers(0, (1 << bits) - 1)
    rows = data.draw(st.lists(st.lists(pixel, min_size=width, max_size=width), min_size=height, max_size=height))
    padding = data.draw(st.integers(0, 3)) if pack is not words else 2 * data.draw(st.integers(0, 2))
    sent = b"".join(pack(row, bits) + b"\xff" * padding for row in rows)
    whole = {"10p": (4, 5), "12p": (2, 3), "10Packed": (2, 3), "12Packed": (2, 3)}.get(suffix, (1, 2))
    if width % whole[0]:
        # A row that does not fill whole bytes together: padded to where the next group begins.
        used = -(-width // whole[0]) * whole[1]
        sent = b"".join(pack(row, bits).ljust(used, b"\0") + b"\xff" * padding for row in rows)
    pixels, stated, bayer = unpack(as_array(sent), width, height, stem + suffix, padding=padding)
    assert pixels.dtype == np.uint16 and pixels.tolist() == rows
    assert (stated, bayer) == (bits, MOSAICS[stem])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_packed_rows_may_run_on(data: st.DataObject) -> None:
    suffix, bits, pack = data.draw(st.sampled_from(CASES[:4]))
    width, height = data.draw(st.sampled_from((3, 5, 7))), data.draw(st.sampled_from((2, 4, 6)))
    pixel = st.integers(0, (1 << bits) - 1)
    values = data.draw(st.lists(pixel, min_size=width * height, max_size=width * height))
    pixels, _, _ = unpack(as_array(pack(values, bits)), width, height, f"Mono{suffix}")
    assert pixels.reshape(-1).tolist() == values


@pytest.mark.parametrize(("stem", "bayer"), MOSAICS.items())
def test_eight_bits_stay_as_they_are(stem: str, bayer: str) -> None:
    data = np.arange(3 * 7, dtype=np.uint8)
    pixels, bits, stated = unpack(data, 5, 3, f"{stem}8", padding=2)
    assert pixels.dtype == np.uint8 and pixels.tolist() == data.reshape(3, 7)[:, :5].tolist()
    assert (bits, stated) == (0, bayer)


@pytest.mark.parametrize(
    ("name", "order"),
    [("RGB8", (2, 1, 0)), ("BGR8Packed", (0, 1, 2)), ("RGBa8", (2, 1, 0)), ("BGRA8Packed", (0, 1, 2))],
)
def test_colour_becomes_bgr(name: str, order: tuple[int, int, int]) -> None:
    channels = 4 if "a8" in name.lower() else 3
    data = np.random.default_rng(1).integers(0, 256, (4, 6, channels), dtype=np.uint8)
    pixels, bits, _ = unpack(data.reshape(-1), 6, 4, name)
    assert bits == 0 and np.array_equal(pixels, data[..., list(order)])


def test_ycbcr_takes_the_full_range_and_yuv_the_video_one() -> None:
    grey = np.tile(np.array([0, 128, 255, 128], np.uint8), 2)
    pixels, _, _ = unpack(grey, 4, 1, "YCbCr422_8")
    assert pixels.tolist() == [[[0] * 3, [255] * 3] * 2]
    grey = np.tile(np.array([16, 128, 235, 128], np.uint8), 2)
    pixels, _, _ = unpack(grey, 4, 1, "YUV422_8")
    assert np.abs(pixels.astype(int) - [[[0] * 3, [255] * 3] * 2]).max() <= 1
    swapped = grey.reshape(-1, 2)[:, ::-1].reshape(-1)
    assert np.array_equal(unpack(swapped, 4, 1, "YUV422Packed")[0], pixels)


@pytest.mark.parametrize(("chroma", "channel"), [((255, 128), 0), ((128, 255), 2)])
def test_ycbcr_knows_blue_from_red(chroma: tuple[int, int], channel: int) -> None:
    blue, red = chroma
    straight, _, _ = unpack(np.array([90, blue, 90, red], np.uint8), 2, 1, "YCbCr422_8")
    turned, _, _ = unpack(np.array([blue, 90, red, 90], np.uint8), 2, 1, "YCbCr422_8_CbYCrY")
    assert np.array_equal(straight, turned) and int(straight[0, 0].argmax()) == channel


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_too_few_bytes_are_an_incomplete_frame(name: str) -> None:
    with pytest.raises(FrameIncomplete):
        unpack(np.zeros(31, np.uint8), 8, 4, name)
    assert unpack(np.zeros(8 * 4 * 4, np.uint8), 8, 4, name)[0].shape[:2] == (4, 8)


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (-1, 4), (MAX_SIDE + 1, 1), (MAX_SIDE, MAX_SIDE)])
def test_a_size_that_cannot_be_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(FrameIncomplete):
        unpack(np.zeros(64, np.uint8), *size, "Mono8")


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UnsupportedProperty, match="0x02300019"):
        unpack(np.zeros(64, np.uint8), 2, 2, name_of(0x02300019))
    with pytest.raises(UnsupportedProperty, match="Coord3D_ABC32f"):
        unpack(np.zeros(64, np.uint8), 2, 2, "Coord3D_ABC32f")


def test_every_code_says_its_own_depth_and_is_known() -> None:
    occupied = {"8": 8, "10": 16, "12": 16, "14": 16, "16": 16, "10p": 10, "12p": 12, "10Packed": 12, "12Packed": 12}
    for code, name in NAMES.items():
        assert name in FORMATS
        stem = next((stem for stem in MOSAICS if name.startswith(stem)), None)
        if stem is not None:
            # Bits 16…23 of a code are the bits a pixel takes up.
            assert code >> 16 & 0xFF == occupied[name.removeprefix(stem)], name
