"""Label Studio's brushed masks: run lengths of a picture's four channels, packed bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from trainer.formats.labels.labelme_shapes import Stamp

MAX_BYTES = 64 * 1024**2
MAX_PIXELS = 100_000_000
_CHANNELS = 4
_SIZES = 4


def read_brush(packed: Any, height: int, width: int, where: str) -> Stamp:
    """What is brushed, cut to where it lies. Raises DatasetError for what is no such mask of that size.

    The layout (thi.ng's rle-pack): 32 bits how many values, 5 the bits of a value, 4 times 4 the bits of a run's
    length; then runs: one bit whether its values are all the same, two which length follows, the length, the values,
    each number less one. The fourth channel is what is set.
    """
    if not isinstance(packed, list) or len(packed) > MAX_BYTES or not 0 < height * width <= MAX_PIXELS:
        raise DatasetError(f"{where} is a brushed mask of an impossible size.", "Export the data set again.")
    try:
        alpha = _alpha(_Bits(bytes(packed)), height * width)
    except (ValueError, TypeError, EOFError) as error:
        raise DatasetError(f"{where} is a brushed mask that cannot be read.", "Export the data set again.") from error
    return _cut(alpha.reshape(height, width))


class _Bits:
    """Reads numbers of any width, the highest bit first. Raises EOFError past the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, width: int) -> int:
        first, end = self._at >> 3, (self._at + width + 7) >> 3
        if end > len(self._data):
            raise EOFError
        self._at += width
        number = int.from_bytes(self._data[first:end], "big") >> (8 * end - self._at)
        return number & ((1 << width) - 1)


def _alpha(bits: _Bits, pixels: int) -> Mask:
    if bits.take(32) != pixels * _CHANNELS:
        raise ValueError("another size")
    word = bits.take(5) + 1
    sizes = [bits.take(4) + 1 for _ in range(_SIZES)]
    values, at = np.zeros(pixels, np.uint8), 0
    while at < pixels * _CHANNELS:
        same = bits.take(1)
        end = min(at + bits.take(sizes[bits.take(2)]) + 1, pixels * _CHANNELS)
        if same:
            # Channel 3 of pixel n is value 4 n + 3.
            values[at // _CHANNELS : end // _CHANNELS] = 255 if bits.take(word) else 0
        else:
            for place in range(at, end):
                value = bits.take(word)
                if place % _CHANNELS == _CHANNELS - 1:
                    values[place // _CHANNELS] = 255 if value else 0
        at = end
    return values


def _cut(mask: Mask) -> Stamp:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return Stamp(np.zeros((0, 0), np.uint8), 0, 0)
    top, left = int(rows[0]), int(columns[0])
    return Stamp(mask[top : rows[-1] + 1, left : columns[-1] + 1].copy(), left, top)
