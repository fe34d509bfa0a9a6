"""Pixels of any depth and mosaic as 8-bit pictures: what the model, the screen and the golden pictures share.

Depth of uint16 pixels: stated (`bits`, by the recipe or the camera) they are divided so that 2^bits - 1 is white.
Not stated, the brightest pixel of each picture tells whether it is 8, 10, 12 or 16 bits; a dark picture of a deep
camera then comes out brighter than its neighbours, so lines with such cameras state it.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import FrameRef, Pixels

# OpenCV names a mosaic by its second row and column, GenICam and we by its first two rows; both names exist.
_BAYER = {
    "RGGB": cv2.COLOR_BayerRGGB2BGR,
    "BGGR": cv2.COLOR_BayerBGGR2BGR,
    "GRBG": cv2.COLOR_BayerGRBG2BGR,
    "GBRG": cv2.COLOR_BayerGBRG2BGR,
}
BAYER_PATTERNS = tuple(_BAYER)


def debayer(pixels: Pixels, pattern: str) -> Pixels:
    """A raw mosaic (H×W, uint8 or uint16) → H×W×3 BGR of the same depth, by bilinear interpolation.

    `pattern`: RGGB, BGGR, GRBG or GBRG, read from the top left; GenICam's BayerRG is RGGB. Raises ValueError.
    """
    if pattern not in _BAYER:
        raise ValueError(f"{pattern!r} is none of the mosaics {', '.join(_BAYER)}")
    if pixels.ndim != 2:
        raise ValueError("a raw mosaic has one channel; this picture is in colour already")
    return cast(Pixels, cv2.cvtColor(pixels, _BAYER[pattern]))


def develop(pixels: Pixels, bits: int = 0, bayer: str = "") -> NDArray[np.uint8]:
    """A frame as the model is shown it, before its region is cut out: H×W grey or H×W×3 BGR at 8 bits.

    8-bit pixels that are no mosaic come back as they are, not copied. Raises ValueError for what is no picture, or no
    such mosaic.
    """
    return to_uint8(debayer(pixels, bayer) if bayer else pixels, bits)


def shown(pixels: Pixels, frame: FrameRef) -> NDArray[np.uint8]:
    """A stored frame as it is shown and exported: by the depth and mosaic its row states (`develop`)."""
    return develop(pixels, frame.bits, frame.bayer if pixels.ndim == 2 else "")


def to_uint8(pixels: Pixels, bits: int = 0) -> NDArray[np.uint8]:
    """8-bit as it is. 16-bit by the bits it uses: as stated, else (0) 8, 10, 12 or 16 by its brightest pixel."""
    if pixels.dtype == np.uint8:
        return cast(NDArray[np.uint8], pixels)
    surplus = max(0, _used_bits(pixels, bits) - 8)
    return np.asarray(np.minimum(pixels >> surplus, 255), np.uint8)


def full_scale(pixels: Pixels, bits: int = 0) -> int:
    """The largest value a pixel can have, by the same rule as `to_uint8`."""
    return 255 if pixels.dtype == np.uint8 else (1 << _used_bits(pixels, bits)) - 1


def _used_bits(pixels: Pixels, bits: int) -> int:
    if pixels.dtype != np.uint16:
        raise ValueError(f"pixels must be uint8 or uint16, not {pixels.dtype}")
    if bits:
        return min(16, max(8, bits))
    peak = int(pixels.max(initial=0))
    return next(b for b in (8, 10, 12, 16) if peak < 1 << b)


def to_channels(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """H×W or H×W×3 BGR → H×W (channels 1) or H×W×3 (channels 3)."""
    if channels == 1:
        return cast(NDArray[np.uint8], pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    return cast(NDArray[np.uint8], pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
