"""How a picture file says it is to be held: Lineside takes pixels as they are stored, label tools turn them first.

Source: Exif 3.0, tag 0x0112.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from engine.images.decoding.headers import JPEG_START, PNG_START, jpeg_segments

UPRIGHT = 1
_FLIPPED = {2: (False, True), 3: (True, True), 4: (True, False), 6: (True, False), 7: (True, True), 8: (False, True)}
"""Top to bottom and left to right, after the axes were swapped from 5 on."""
_TAG = 0x0112
_EXIF = b"Exif\x00\x00"


def orientation(data: bytes) -> int:
    """1 (as stored) to 8, of JPEG, PNG, WebP or TIFF data or its first part; 1 where it says nothing that is known."""
    try:
        found = _told(_exif_of(data))
    except (struct.error, IndexError):
        return UPRIGHT
    return found if 1 <= found <= 8 else UPRIGHT


def turned_size(height: int, width: int, held: int) -> tuple[int, int]:
    """Height and width of the picture as it is to be held."""
    return (width, height) if held >= 5 else (height, width)


def as_stored(upright: NDArray[np.generic], held: int) -> NDArray[np.generic]:
    """What was drawn on the picture as it is to be held, H×W, on the picture as it is stored."""
    turned = upright.T if held >= 5 else upright
    down, across = _FLIPPED.get(held, (False, False))
    return np.ascontiguousarray(turned[:: -1 if down else 1, :: -1 if across else 1])


def _exif_of(data: bytes) -> bytes:
    if data.startswith(JPEG_START):
        places = (at + 4 for marker, at in jpeg_segments(data) if marker == 0xE1 and data[at + 4 : at + 10] == _EXIF)
        at = next(places, -1)
        return data[at + 6 :] if at >= 0 else b""
    if data[:4] in (b"II*\x00", b"MM\x00*"):
        return data
    if data.startswith(PNG_START):
        at = data.find(b"eXIf", len(PNG_START))
        return data[at + 4 :] if at >= 0 else b""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        at = data.find(b"EXIF", 12)
        return data[at + 8 :].removeprefix(_EXIF) if at >= 0 else b""
    return b""


def _told(exif: bytes) -> int:
    if exif[:2] not in (b"II", b"MM"):
        return UPRIGHT
    order = "<" if exif[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", exif, 4)
    (entries,) = struct.unpack_from(order + "H", exif, at)
    for number in range(entries):
        tag, _kind, _count, value = struct.unpack_from(order + "HHIH", exif, at + 2 + 12 * number)
        if tag == _TAG:
            return int(value)
    return UPRIGHT
