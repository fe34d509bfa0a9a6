"""A TIFF is judged whole or not at all, and white is high whichever way it counts."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.picture import count, decode
from tests.unit.engine.images.decoding.made import jpeg, metal, scan_of, tiff, tiff_by_hand

NONE, LZW, JPEG, DEFLATE, PACKBITS = 1, 5, 7, 8, 32773
GREY = metal(channels=1)
DEEP = GREY.astype(np.uint16) * 16


def _fault(data: bytes) -> Fault:
    with pytest.raises(Undecodable) as caught:
        decode(data)
    return caught.value.fault


def _packed(coded: bytes, compression: int, tags: dict[int, int] | None = None) -> bytes:
    """A grey TIFF of GREY's size whose one strip is this."""
    height, width = GREY.shape
    size = {256: width, 257: height, 258: 8, 259: compression, 278: height, 279: len(coded)}
    return tiff_by_hand([(np.frombuffer(coded, np.uint8)[None], size | (tags or {}))])


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


def test_white_counted_as_zero_is_turned_within_the_bits_that_are_used() -> None:
    deep = np.array([[0x0FF, 0xF00], [0x123, 0x456]])
    rows = [f"{a:03x}{b:03x}" for a, b in 0xFFF - deep]
    data = _packed(bytes.fromhex("".join(rows)), NONE, {256: 2, 257: 2, 258: 12, 262: 0, 278: 2})
    np.testing.assert_array_equal(decode(data), deep)


@pytest.mark.parametrize("photometric", [0, 1], ids=["white is zero", "black is zero"])
def test_a_jpeg_in_a_tiff_is_as_bright_as_it_was(photometric: int) -> None:
    coded = 255 - GREY if photometric == 0 else GREY
    pixels = decode(_packed(jpeg(coded, cv2.IMWRITE_JPEG_QUALITY, 100), JPEG, {262: photometric}))
    assert np.abs(pixels.astype(int) - GREY).max() <= 2


def test_a_jpeg_in_a_tiff_is_whole_or_refused() -> None:
    coded = jpeg(GREY)
    middle = (scan_of(coded) + len(coded)) // 2
    assert _fault(_packed(coded[:middle] + b"\xff\xd9", JPEG)) is Fault.DAMAGED
    assert _fault(_packed(coded, JPEG, {257: 10 * GREY.shape[0]})) is Fault.DAMAGED


@pytest.mark.parametrize("tag", [{338: 2}, {259: 4}], ids=["transparency", "facsimile"])
def test_what_libtiff_would_draw_otherwise_is_refused_by_its_name(tag: dict[int, int]) -> None:
    assert _fault(_packed(jpeg(GREY), JPEG, tag)) is Fault.KIND


def test_four_bits_are_whole_or_refused() -> None:
    # In runs of 128 bytes, as PackBits has them: all of the picture's, and half of them.
    row = GREY[:, ::2]
    runs = [b"\x7f" + row.tobytes()[k : k + 128] for k in range(0, row.size, 128)]
    drawn = {258: 4}
    assert decode(_packed(b"".join(runs), PACKBITS, drawn)).shape == GREY.shape
    assert _fault(_packed(b"".join(runs[: len(runs) // 2]), PACKBITS, drawn)) is Fault.DAMAGED


def test_a_deflated_strip_without_its_end_is_refused() -> None:
    # What stands in for lost codes may be codes too: then the strip is full before it ends, and no sum is compared.
    longer = zlib.compress(GREY.tobytes() * 3)
    np.testing.assert_array_equal(decode(_packed(longer, DEFLATE)), GREY)
    assert _fault(_packed(longer[:-6], DEFLATE)) is Fault.DAMAGED


def test_a_strip_that_never_ends_costs_no_memory() -> None:
    coder = zlib.compressobj(9)
    bomb = b"".join(coder.compress(bytes(1 << 24)) for _ in range(16)) + coder.flush()
    with pytest.raises(Undecodable, match="a strip has no end"):
        decode(_packed(bomb, DEFLATE))


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS, 34925, 50000])
def test_few_bytes_that_claim_a_large_picture_cost_no_memory(compression: int) -> None:
    with pytest.raises(Undecodable, match="fewer bytes than rows"):
        decode(_packed(bytes(100), compression, {256: 20_000, 257: 19_999, 278: 19_999}))


def test_directories_that_share_a_long_list_of_strips_cost_no_memory() -> None:
    places, strips = np.full((1, 3000), 8, np.uint32), 3000
    shared = tiff_by_hand([(places.view(np.uint8), {256: 1, 257: strips, 278: 1})])
    first = int.from_bytes(shared[4:8], "little")
    data = bytearray(shared[:first])
    for number in range(8):
        page = bytearray(shared[first:])
        for entry in range(2, len(page) - 4, 12):
            if int.from_bytes(page[entry : entry + 2], "little") in (273, 279):
                page[entry + 4 : entry + 12] = strips.to_bytes(4, "little") + (8).to_bytes(4, "little")
        page[-4:] = (len(data) + len(page) if number < 7 else 0).to_bytes(4, "little")
        data += page
    with pytest.raises(Undecodable, match="share their strips"):
        count(bytes(data))


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


def test_a_strip_that_reaches_beyond_the_file_is_refused() -> None:
    assert _fault(tiff_by_hand([(GREY, {279: 10_000_000})])) is Fault.DAMAGED


def test_a_directory_that_says_one_thing_twice_is_refused() -> None:
    data = bytearray(tiff_by_hand([(GREY, {})]))
    at = int.from_bytes(data[4:8], "little") + 2
    data[at + 12 : at + 14] = data[at : at + 2]
    assert _fault(bytes(data)) is Fault.DAMAGED
