"""Pictures that the decoding tests make, damage and put together by hand."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.images.decoding.headers import jpeg_segments


def metal(height: int = 96, width: int = 128, channels: int = 3) -> NDArray[np.uint8]:
    """A surface with something in every block, so that nothing that is lost is lost unseen."""
    noise = np.random.default_rng(7).integers(40, 220, (height, width, channels), dtype=np.uint8)
    soft = cv2.GaussianBlur(noise, (5, 5), 1.5)
    return soft if channels > 1 else soft.reshape(height, width)


def jpeg(pixels: NDArray[np.uint8], *options: int) -> bytes:
    """A JPEG of OpenCV."""
    done, data = cv2.imencode(".jpg", pixels, list(options))
    assert done
    return data.tobytes()


def scan_of(data: bytes) -> int:
    """Where the coded data of a JPEG's first scan begins."""
    at = next(at for marker, at in jpeg_segments(data) if marker == 0xDA)
    return at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def tiff(pixels: NDArray[np.generic], compression: int = 1) -> bytes:
    """A TIFF of OpenCV, strip by strip."""
    done, data = cv2.imencode(".tif", np.asarray(pixels), [cv2.IMWRITE_TIFF_COMPRESSION, compression])
    assert done
    return data.tobytes()


def tiff_by_hand(pages: Sequence[tuple[NDArray[np.uint8] | NDArray[np.uint16], dict[int, int]]]) -> bytes:
    """A little-endian TIFF of grey pages, uncompressed in one strip each, with tags of choice added or replaced."""
    data = bytearray(b"II*\x00\x00\x00\x00\x00")
    link = 4
    for pixels, tags in pages:
        strip = len(data)
        data += pixels.tobytes() + b"\x00" * (pixels.nbytes % 2)
        bits = 8 * pixels.itemsize
        entries = {
            256: pixels.shape[1], 257: pixels.shape[0], 258: bits, 259: 1, 262: 1, 273: strip, 277: 1,
            278: pixels.shape[0], 279: pixels.nbytes,
        } | tags  # fmt: skip
        struct.pack_into("<I", data, link, len(data))
        data += struct.pack("<H", len(entries))
        for tag, value in sorted(entries.items()):
            data += struct.pack("<HHII", tag, 4, 1, value)
        link = len(data)
        data += b"\x00\x00\x00\x00"
    return bytes(data)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk with its right check sum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def mpo(first: bytes, second: bytes, kind: int = 0x020003) -> bytes:
    """Two JPEGs in one file, as a stereo camera writes them; `kind` is what the second is said to be."""
    index = 8 + 2 + 2 * 12 + 4
    length = 4 + index + 2 * 16
    head = first[:2] + b"\xff\xe2" + struct.pack(">H", length + 2)
    base = len(head) + 4
    start = len(first) + length + 4
    block = b"MPF\x00II*\x00" + struct.pack("<IH", 8, 2)
    block += struct.pack("<HHII", 0xB001, 4, 1, 2) + struct.pack("<HHII", 0xB002, 7, 32, index) + struct.pack("<I", 0)
    block += struct.pack("<IIIHH", 0x030000, start, 0, 0, 0) + struct.pack(
        "<IIIHH", kind, len(second), start - base, 0, 0
    )
    return head + block + first[2:] + second
