"""The golden picture in figures: brightness, saturation, focus and shift, measured the same on every frame."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Pixels
from engine.domain.recipe import Imaging
from engine.images.depth import develop, full_scale, to_channels, to_uint8

GREY = {"B": 0.114, "G": 0.587, "R": 0.299}
"""Weights of grey, ITU-R BT.601: those OpenCV turns colour to grey with."""
# In one step, at a seventh of the cost of colour first; named like those of engine.preprocessing.look.
_TO_GREY = {
    "RGGB": cv2.COLOR_BayerRGGB2GRAY,
    "BGGR": cv2.COLOR_BayerBGGR2GRAY,
    "GRBG": cv2.COLOR_BayerGRBG2GRAY,
    "GBRG": cv2.COLOR_BayerGBRG2GRAY,
}
FOCUS_PX = 400_000
"""Sharpness is measured at full resolution on bands of rows spread over the picture, about so many pixels in all."""
BAND = 64
TOO_DARK = 0.01
"""Mean grey, share of full scale, under which sharpness is only noise."""
SHIFT_SIDE = 320


@dataclass(frozen=True, slots=True, eq=False)
class PictureFigures:
    """What one picture looks like. Comparable between pictures of one size and kind only."""

    brightness: float
    """Mean grey, 0…1 of full scale."""
    saturation: float
    """Share of pixels of which a channel is at full scale, 0…1; every pixel is looked at."""
    focus: float
    """Root mean squared grey change a pixel over the mean grey; 0 = flat, or too dark to tell."""
    histogram: NDArray[np.int64] = field(repr=False)
    """256 counts of all samples at 8 bits, the channels of colour (the cells of a mosaic) together."""


@dataclass(frozen=True, slots=True)
class Measure:
    brightness: float
    saturation: float
    focus: float
    dx: float
    dy: float
    confidence: float


def figures(pixels: Pixels, bits: int = 0, bayer: str = "") -> PictureFigures:
    """Brightness, saturation, sharpness and histogram of a frame as the camera sent it; a mosaic is not interpolated.

    `bits` as in preprocessing.look.to_uint8. Raises ValueError for pixels that are no picture, or no such mosaic.
    """
    _check_picture(pixels, bayer)
    full = full_scale(pixels, bits)
    small = to_uint8(pixels, bits)
    channels = range(1 if small.ndim == 2 else small.shape[2])
    counts = sum(cv2.calcHist([small], [c], None, [256], [0, 256]).ravel() for c in channels)
    top = pixels if pixels.ndim == 2 else cv2.max(cv2.max(*cv2.split(pixels)[:2]), pixels[..., 2])
    saturation = float(np.count_nonzero(top >= full)) / top.size
    brightness = min(1.0, _mean_grey(pixels, bayer) / full)
    return PictureFigures(brightness, saturation, _focus(pixels, bayer, full), np.asarray(counts).astype(np.int64))


def grey_of(pixels: Pixels, bits: int = 0, bayer: str = "") -> NDArray[np.uint8]:
    """The frame as a golden picture is kept: H×W grey at 8 bits. Raises ValueError as `figures` does."""
    _check_picture(pixels, bayer)
    if bayer:
        # Depth by the mosaic itself: grey averages its brightest cell away.
        used = full_scale(pixels, bits).bit_length()
        return to_uint8(cast(Pixels, cv2.cvtColor(pixels, _TO_GREY[bayer])), used)
    return np.ascontiguousarray(to_channels(develop(pixels, bits), 1))


def golden_digest(pixels: NDArray[np.uint8]) -> str:
    """Twelve hex digits over the shape and values of a golden picture (H×W grey)."""
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:12]


def imaging_of(
    pixels: Pixels, bits: int = 0, bayer: str = "", *, picture: str = "", like: Imaging | None = None
) -> Imaging:
    """This frame as the golden picture, with the limits of `like` (none: the usual ones). Raises ValueError."""
    golden = np.ascontiguousarray(to_channels(develop(pixels, bits, bayer), 1))
    digest = golden_digest(golden)
    made = Imaging(digest, golden, picture, bits=bits, bayer=bayer)
    if like is None:
        return made
    return replace(like, digest=digest, golden=golden, picture=picture, bits=bits, bayer=bayer)


def shift(golden: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> tuple[float, float, float]:
    """How far `pixels` (H×W grey) lie right of and below `golden`, in frame pixels, and how sure that is, 0…1.

    Below SURE it means nothing. Pictures of different sizes, and flat ones, give 0.
    """
    if golden.shape != pixels.shape:
        return 0.0, 0.0, 0.0
    return _shift(_reduced(golden), _reduced(pixels), golden.shape[1])


class Golden:
    """What is held against every frame, worked out once."""

    def __init__(self, imaging: Imaging) -> None:
        self._size = imaging.golden.shape
        self._small = _reduced(imaging.golden)
        self.brightness, self.saturation, self.focus = _plain(imaging.golden)

    def measure(self, grey: NDArray[np.uint8]) -> Measure:
        """Raises ValueError for a picture of another size."""
        if grey.shape != self._size:
            now, golden = (f"{shape[1]}×{shape[0]}" for shape in (grey.shape, self._size))
            raise ValueError(f"it has {now} pixels instead of {golden}")
        return Measure(*_plain(grey), *_shift(self._small, _reduced(grey), grey.shape[1]))


def _plain(grey: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Brightness, saturation and focus of H×W grey at 8 bits."""
    return cv2.mean(grey)[0] / 255.0, float(np.count_nonzero(grey == 255)) / grey.size, _focus(grey, "", 255)


def _check_picture(pixels: Pixels, bayer: str) -> None:
    if pixels.ndim not in (2, 3) or min(pixels.shape[:2]) < 2:
        raise ValueError(f"its shape is {pixels.shape}")
    if bayer and (pixels.ndim != 2 or bayer not in _TO_GREY):
        raise ValueError(f"it is no mosaic {bayer}")


def _mean_grey(pixels: Pixels, bayer: str) -> float:
    """Mean grey in the pixels' own unit; of colour and mosaics by the weights of grey, which are linear."""
    if bayer:
        height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
        means: dict[str, list[float]] = {"R": [], "G": [], "B": []}
        for row in (0, 1):
            pairs = pixels[row:height:2, :width].reshape(height // 2, width // 2, 2)
            for colour, mean in zip(bayer[2 * row :][:2], cv2.mean(pairs), strict=False):
                means[colour].append(mean)
        return sum(weight * sum(means[c]) / len(means[c]) for c, weight in GREY.items())
    found = cv2.mean(pixels)
    return found[0] if pixels.ndim == 2 else sum(w * m for w, m in zip(GREY.values(), found, strict=False))


def _focus(pixels: Pixels, bayer: str, full: int) -> float:
    """Sharpness as `Figures.focus` defines it; of a mosaic, on one of its green planes."""
    if bayer:
        at = bayer.index("G")
        pixels = pixels[at // 2 :: 2, at % 2 :: 2]
    height, width = pixels.shape[:2]
    bands = max(1, round(FOCUS_PX / (width * BAND)))
    starts = [0] if bands * BAND >= height else [round(i * (height - BAND) / max(1, bands - 1)) for i in range(bands)]
    tall = height if bands * BAND >= height else BAND
    energy = grey = count = 0.0
    for y in starts:
        band = cast(Pixels, np.ascontiguousarray(pixels[y : y + tall]))
        plain = band if band.ndim == 2 else cv2.cvtColor(band, cv2.COLOR_BGR2GRAY)
        for dx, dy in ((1, 0), (0, 1)):
            # 8: the weights of the 3×3 kernel on either side of a pixel pair, two pixels apart.
            energy += cv2.norm(cv2.Sobel(plain, cv2.CV_32F, dx, dy, scale=1 / 8), cv2.NORM_L2SQR)
        grey += cv2.mean(plain)[0] * plain.size
        count += plain.size
    mean = grey / count
    return math.sqrt(energy / count) / mean if mean >= TOO_DARK * full else 0.0


def _reduced(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width = grey.shape
    scale = min(1.0, SHIFT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _shift(golden: NDArray[np.float32], now: NDArray[np.float32], width: int) -> tuple[float, float, float]:
    if min(golden.shape) < 8 or float(golden.std()) < 1.0 or float(now.std()) < 1.0:
        return 0.0, 0.0, 0.0
    window = cv2.createHanningWindow((golden.shape[1], golden.shape[0]), cv2.CV_32F)
    (x, y), response = cv2.phaseCorrelate(golden, now, window)
    scale = width / golden.shape[1]
    return x * scale, y * scale, min(1.0, max(0.0, response))
