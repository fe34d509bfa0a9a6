"""Rows that were never written are told from black ones where a raw file ends in them."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import PictureError
from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.picture import decode
from engine.images.pictures import read_picture
from tests.unit.engine.images.decoding.made import metal, tiff, tiff_by_hand

PART = metal(160, 120, 1)


def _coded(suffix: str) -> bytes:
    if suffix == ".tif":
        return tiff_by_hand([(PART, {})])
    done, data = cv2.imencode(suffix, metal(160, 120) if suffix == ".ppm" else PART)
    assert done
    return data.tobytes()


@pytest.mark.parametrize("suffix", [".bmp", ".pgm", ".ppm", ".tif"])
def test_a_file_that_got_its_size_before_its_data_is_refused(suffix: str) -> None:
    data = _coded(suffix)
    tail = data[-114:] if suffix == ".tif" else b""
    written = data[: len(data) * 6 // 10]
    with pytest.raises(Undecodable) as caught:
        decode(written + bytes(len(data) - len(written) - len(tail)) + tail)
    assert caught.value.fault is Fault.UNWRITTEN


@pytest.mark.parametrize("suffix", [".bmp", ".pgm", ".ppm", ".tif"])
def test_a_whole_one_is_read(suffix: str) -> None:
    assert decode(_coded(suffix)).shape[:2] == PART.shape


def test_white_that_counts_as_zero_may_be_unwritten_too() -> None:
    half = 255 - PART
    half[60:] = 0
    with pytest.raises(Undecodable):
        decode(tiff_by_hand([(half, {262: 0})]))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_black_rows_of_a_packed_picture_are_black(suffix: str, tmp_path: Path) -> None:
    dark = PART.copy()
    dark[80:] = 0
    path = tmp_path / f"dark{suffix}"
    path.write_bytes(tiff(dark, 5) if suffix == ".tif" else cv2.imencode(".png", dark)[1].tobytes())
    np.testing.assert_array_equal(read_picture(path), dark)


def test_a_mask_may_end_in_sound_metal(tmp_path: Path) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[4:9, 4:9] = 255
    path = tmp_path / "mask.bmp"
    path.write_bytes(cv2.imencode(".bmp", mask)[1].tobytes())
    np.testing.assert_array_equal(read_picture(path, mask=True), mask)
    with pytest.raises(PictureError, match="not written to its end"):
        read_picture(path)


def _few_colours(first: tuple[int, int, int], runs: bytes = b"") -> bytes:
    """A BMP with a palette of which this is the first colour, plain or in runs; PART's rows."""
    height, width = PART.shape
    colours = bytes((*first, 0)) + b"".join(bytes((i, i, 255 - i, 0)) for i in range(1, 256))
    rows = runs or np.maximum(PART[::-1], 1).tobytes()
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1 if runs else 0, len(rows), 0, 0, 256, 0)
    return (
        b"BM" + struct.pack("<IHHI", 54 + len(colours) + len(rows), 0, 0, 54 + len(colours)) + header + colours + rows
    )


@pytest.mark.parametrize("first", [(0, 0, 0), (9, 200, 30)], ids=["black", "green"])
def test_zeros_of_a_palette_are_its_first_colour(first: tuple[int, int, int]) -> None:
    whole = _few_colours(first)
    assert decode(whole).shape[:2] == PART.shape
    half = len(whole) // 2
    with pytest.raises(Undecodable) as caught:
        decode(whole[:half] + bytes(len(whole) - half))
    assert caught.value.fault is Fault.UNWRITTEN


def test_runs_that_end_early_are_refused() -> None:
    height, width = PART.shape
    rows = b"".join(bytes((width, 40 + row)) + b"\0\0" for row in range(height))
    assert decode(_few_colours((0, 0, 0), rows + b"\0\1")).shape[:2] == PART.shape
    with pytest.raises(Undecodable) as caught:
        decode(_few_colours((0, 0, 0), rows[: len(rows) // 2] + bytes(len(rows) // 2)))
    assert caught.value.fault is Fault.UNWRITTEN


def test_a_bmp_of_os2_is_refused_by_its_name() -> None:
    rows = np.repeat(PART[::-1, :, None], 3, axis=2).tobytes()
    data = b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26) + struct.pack("<IHHHH", 12, *PART.shape[::-1], 1, 24)
    with pytest.raises(Undecodable, match="OS/2"):
        decode(data + rows)


def test_few_bytes_that_claim_a_large_gif_or_runs_cost_no_memory() -> None:
    screen = b"GIF89a" + struct.pack("<HHBBB", 20_000, 19_999, 0x80, 0, 0) + bytes(6)
    runs = bytearray(_few_colours((0, 0, 0), b"\0\1"))
    runs[18:26] = struct.pack("<ii", 20_000, 19_999)
    for data in (screen + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00;", bytes(runs)):
        with pytest.raises(Undecodable, match="fewer bytes than rows"):
            decode(data)
