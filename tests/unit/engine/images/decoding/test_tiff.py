"""A TIFF is judged whole or not at all, and white is high whichever way it counts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.picture import count, decode
from tests.unit.engine.images.decoding.made import metal, tiff, tiff_by_hand

NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
GREY = metal(channels=1)
DEEP = GREY.astype(np.uint16) * 16


def _fault(data: bytes) -> Fault:
    with pytest.raises(Undecodable) as caught:
        decode(data)
    return caught.value.fault


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS])
@pytest.mark.parametrize(
    "pixels", [GREY, metal(), DEEP, metal().astype(np.uint16) * 16], ids=["L8", "C8", "L16", "C16"]
)
def test_pixels_are_those_that_were_written(pixels: NDArray[np.generic], compression: int) -> None:
    np.testing.assert_array_equal(decode(tiff(pixels, compression)), pixels)


@pytest.mark.parametrize("compression", [LZW, DEFLATE])
def test_lost_strips_are_refused(compression: int) -> None:
    data = bytearray(tiff(metal(400, 300), compression))
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    assert _fault(bytes(data)) is Fault.DAMAGED


@pytest.mark.parametrize("pixels", [GREY, DEEP], ids=["8 bits", "16 bits"])
def test_white_counted_as_zero_is_turned(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    turned = np.iinfo(pixels.dtype).max - pixels
    np.testing.assert_array_equal(decode(tiff_by_hand([(turned, {262: 0})])), pixels)


def test_every_page_can_be_read_and_previews_are_none() -> None:
    second = np.ascontiguousarray(GREY[::-1])
    preview = np.ascontiguousarray(GREY[::4, ::4])
    data = tiff_by_hand([(GREY, {}), (preview, {254: 1}), (second, {})])
    assert count(data) == 2
    np.testing.assert_array_equal(decode(data), GREY)
    np.testing.assert_array_equal(decode(data, 1), second)


def test_directories_that_point_at_each_other_end() -> None:
    data = bytearray(tiff_by_hand([(GREY, {}), (GREY, {})]))
    first = int.from_bytes(data[4:8], "little")
    data[-4:] = first.to_bytes(4, "little")
    assert count(bytes(data)) == 2


@pytest.mark.parametrize("size", [(60_000, 60_000), (0, 128)])
def test_a_size_that_cannot_be_is_refused_unread(size: tuple[int, int]) -> None:
    assert _fault(tiff_by_hand([(GREY, {257: size[0], 256: size[1]})])) in (Fault.LARGE, Fault.DAMAGED)


def test_cmyk_is_refused_by_its_name() -> None:
    assert _fault(tiff_by_hand([(GREY, {262: 5})])) is Fault.KIND


def test_floats_are_named() -> None:
    done, data = cv2.imencode(".tiff", np.ones((8, 8), np.float32))
    assert done
    assert _fault(data.tobytes()) is Fault.VALUES


def test_a_pixel_of_one_bit_is_black_or_white() -> None:
    rows = np.tile(np.array([0b10101010] * 2, np.uint8), (16, 1))
    pixels = decode(tiff_by_hand([(rows, {256: 16, 258: 1})]))
    assert pixels.shape == (16, 16)
    assert pixels[0, :4].tolist() == [255, 0, 255, 0]
