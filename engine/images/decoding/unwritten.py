"""Rows of a raw picture that were never written: a format without check sums cannot tell them from black ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.images.decoding.headers import PNM_STARTS, SHORT_BMP

SHARE = 1 / 16
"""So large a part of a picture's rows, all zero to the last bit and at the file's end, is taken for unwritten."""


def is_raw(data: bytes, tiff_compression: int = 0) -> bool:
    """True for data whose pixels lie in the file as they are: BMP, PGM and PPM, TIFF without compression.

    A BMP of runs too: where its zeros begin, rows end that say nothing.
    """
    return tiff_compression == 1 or data.startswith((b"BM", *PNM_STARTS))


def nothing_of(data: bytes) -> NDArray[np.uint8] | int:
    """What zeros in the file are among the pixels: with a BMP's palette its first colour (BGR), else black."""
    header = int.from_bytes(data[14:18], "little")
    few = data.startswith(b"BM") and header >= SHORT_BMP and int.from_bytes(data[28:30], "little") <= 8
    first = data[14 + header : 17 + header] if few else b""
    return np.frombuffer(first, np.uint8) if len(first) == 3 else 0


def unwritten_rows(data: bytes, pixels: NDArray[np.generic], nothing: NDArray[np.uint8] | int = 0) -> int:
    """How many rows at the file's end hold `nothing`, where they are too many to be chance; else 0."""
    if isinstance(nothing, np.ndarray) and pixels.ndim == 2:
        nothing = int(nothing[0])
    # A BMP begins with the picture's lowest row, unless its height is told as a negative number.
    upwards = data.startswith(b"BM") and int.from_bytes(data[22:26], "little", signed=True) > 0
    rows = pixels if upwards else pixels[::-1]
    # From the end back: a picture that was written to its end costs one row.
    empty = 0
    for row in rows:
        if (row != nothing).any():
            break
        empty += 1
    return empty if empty >= max(1, SHARE * len(rows)) else 0
