"""Rows of a raw picture that were never written: a format without check sums cannot tell them from black ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.images.decoding.headers import PNM_STARTS

SHARE = 1 / 16
"""So large a part of a picture's rows, all zero to the last bit and at the file's end, is taken for unwritten."""


def is_raw(data: bytes, tiff_compression: int = 0) -> bool:
    """True for data whose pixels lie in the file as they are: BMP, PGM and PPM, TIFF without compression."""
    if data.startswith(b"BM"):
        return int.from_bytes(data[30:34], "little") in (0, 3)
    return tiff_compression == 1 or data[:2] in PNM_STARTS


def unwritten_rows(data: bytes, pixels: NDArray[np.generic], nothing: int = 0) -> int:
    """How many rows at the file's end hold `nothing`, where they are too many to be chance; else 0."""
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
