"""Rows that were never written are told from black ones where a raw file ends in them."""

from __future__ import annotations

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
