"""How a picture is to be held, as its file says: held against OpenCV, which turns pictures when it is let."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.images.decoding.orientation import UPRIGHT, as_stored, orientation, turned_size
from tests.labelled import turn

STORED = np.kron(np.random.default_rng(15).integers(0, 2, (3, 5)), np.full((8, 8), 255)).astype(np.uint8)
"""24×40, in blocks that JPEG keeps."""


def exif(held: int, order: str = "<", tag: int = 0x0112) -> bytes:
    head = b"II" if order == "<" else b"MM"
    entries = struct.pack(order + "HHIHH", 0x010F, 3, 1, 7, 0) + struct.pack(order + "HHIHH", tag, 3, 1, held, 0)
    return head + struct.pack(order + "HIH", 42, 8, 2) + entries + struct.pack(order + "I", 0)


def encoded(suffix: str, pixels: NDArray[np.uint8] = STORED) -> bytes:
    return cv2.imencode(suffix, pixels)[1].tobytes()


def jpeg(payload: bytes) -> bytes:
    data = encoded(".jpg")
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + data[2:]


@pytest.mark.parametrize("held", range(1, 9))
def test_what_is_drawn_on_the_turned_picture_lies_where_it_belongs_on_the_stored_one(tmp_path: Path, held: int) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(".jpg"))
    data = turn(path, held).read_bytes()
    upright = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert upright is not None and orientation(data) == held
    assert upright.shape == turned_size(*STORED.shape, held)
    assert np.array_equal(as_stored(upright > 127, held), STORED > 127)
    # A picture that is the same either way could not tell one from the other.
    assert held == UPRIGHT or upright.shape != STORED.shape or not np.array_equal(upright > 127, STORED > 127)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("held", range(1, 9))
def test_it_is_read_in_either_byte_order_from_every_kind_of_file(order: str, held: int) -> None:
    told = exif(held, order)
    chunk = b"eXIf" + told
    png = encoded(".png")
    png = png[:33] + struct.pack(">I", len(told)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
    webp = encoded(".webp") + b"EXIF" + struct.pack("<I", len(told)) + told
    assert [orientation(data) for data in (jpeg(b"Exif\x00\x00" + told), png, webp, told)] == [held] * 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        encoded(".jpg"),
        encoded(".png"),
        encoded(".webp"),
        encoded(".bmp"),
        jpeg(b"Exif\x00\x00"),
        jpeg(b"Exif\x00\x00" + exif(6)[:14]),
        jpeg(b"Exif\x00\x00" + exif(0)),
        jpeg(b"Exif\x00\x00" + exif(9)),
        jpeg(b"Exif\x00\x00" + exif(6, tag=0x0113)),
        jpeg(b"Exif\x00\x00XX" + exif(6)[2:]),
        jpeg(b"http://ns.adobe.com/xap/1.0/\x00" + exif(6)),
        jpeg(b"Exif\x00\x00II*\x00\xff\xff\xff\xff"),
    ],
)
def test_picture_that_says_nothing_known_is_as_stored(data: bytes) -> None:
    assert orientation(data) == UPRIGHT
