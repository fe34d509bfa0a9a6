"""The imaging self-test: what a picture looks like, and how far the station's have drifted from the golden one.

Sharpness: Tenengrad (Krotkov 1988; TENG in Pertuz et al., Pattern Recognition 46, 2013): the mean squared Sobel
gradient. Here its root over the mean grey, so that exposure and gain hardly move it. Shift: phase correlation (Kuglin
and Hines 1975) of the pictures reduced to SHIFT_SIDE and windowed; a part that fills the picture and lies elsewhere
each time moves it as the camera would, so such products need a wide `shift_px`.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Frame, Pixels
from engine.domain.recipe import WHOLE, Imaging, View
from engine.images.depth import develop, full_scale, to_channels, to_uint8
from engine.verdicts.doubts import unequal

Level = Literal["fine", "warn", "review"]
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
SURE = 0.3
"""Response of the phase correlation under which a shift is not judged. One scene gives 0.9 and more, castings laid down
anew each time 0.1…0.25, unlike pictures 0.05."""
MEASURED_EVERY_S = 0.2
BACK_AT = 0.8
"""A level is left only below this share of its limit."""
FAR_OUT = 2.0
AT_LEAST = 3
"""Before the window is full only a median of so many frames, over FAR_OUT times the limit, tells anything."""
_RANK: dict[Level, int] = {"fine": 0, "warn": 1, "review": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
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
class Check:
    """One line of the self-test."""

    name: Literal["brightness", "saturation", "focus", "shift"]
    golden: float
    now: float
    """Of the picture developed to 8-bit grey, as the golden one is: units as in `Figures`; shift in frame pixels."""
    drift: float
    """What is held against the limits: share changed (signed), share more on top, share lost, frame pixels. nan: not
    judged, because the golden picture is too flat or dark, or the two are too unlike."""
    limit: tuple[float, float]
    """From which on it warns, and from which on parts go to REVIEW."""
    level: Level
    words: str = ""
    """What drifted, by how much, and why that may be; empty while it is fine."""


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """How the station's pictures stand against the golden one: the worst level, its words, and each figure's median."""

    level: Level = "fine"
    words: str = ""
    checks: tuple[Check, ...] = ()
    """Empty before the first picture."""


@dataclass(frozen=True, slots=True)
class _Measure:
    brightness: float
    saturation: float
    focus: float
    dx: float
    dy: float
    confidence: float


def figures(pixels: Pixels, bits: int = 0, bayer: str = "") -> Figures:
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
    return Figures(brightness, saturation, _focus(pixels, bayer, full), np.asarray(counts).astype(np.int64))


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


def compare(imaging: Imaging, pixels: Pixels, bits: int = 0, bayer: str = "") -> list[Check]:
    """One picture against the golden one, figure by figure: the self-test on demand.

    `bits` and `bayer`: the frame's, or the recipe's where it states them. Raises ValueError for pixels that are no
    picture, and for one of another size than the golden one.
    """
    golden = _Golden(imaging)
    measured = golden.measure(grey_of(pixels, bits, bayer))
    return _checks(imaging, golden, [measured], {})


class ImagingWatch:
    """Watches a line's frames for drift. Without an `Imaging` it costs nothing and all is fine. For one thread.

    `view`: the recipe's, whose bits and mosaic go before the camera's. Until `imaging.frames` frames were measured only
    what is far out is told (FAR_OUT, AT_LEAST). A level that was reached is left below BACK_AT of its limit.
    """

    def __init__(self, imaging: Imaging | None, view: View = WHOLE) -> None:
        self._imaging, self._view = imaging, view
        self._golden = None if imaging is None else _Golden(imaging)
        self._kept: deque[_Measure] = deque(maxlen=imaging.frames if imaging else 1)
        self._measured_at: datetime | None = None
        self._levels: dict[str, Level] = {}
        self._drift = Drift()

    def take(self, frame: Frame) -> Drift:
        """How the pictures stand, this one among them. At most five a second are measured, by their capture times."""
        if self._imaging is None or self._golden is None or not self._is_due(frame.captured_at):
            return self._drift
        self._measured_at = frame.captured_at
        seen = self._view.stated(frame.bits, frame.bayer)
        try:
            self._kept.append(self._golden.measure(grey_of(frame.pixels, seen.bits, seen.bayer)))
        except ValueError as error:
            # Its size or kind is another: the camera is set differently, and no median makes that better.
            self.reset()
            self._drift = Drift("review", f"the picture cannot be compared with the golden one: {error}")
            return self._drift
        self._drift = self._judged(self._imaging, self._golden)
        return self._drift

    def reset(self) -> None:
        """Forget what was seen: the camera was opened again or set differently."""
        self._kept.clear()
        self._levels, self._measured_at, self._drift = {}, None, Drift()

    def _is_due(self, at: datetime) -> bool:
        # A clock that was set back must not stop the watch: the distance counts either way.
        return self._measured_at is None or abs((at - self._measured_at).total_seconds()) >= MEASURED_EVERY_S

    def _judged(self, imaging: Imaging, golden: _Golden) -> Drift:
        checks = _checks(imaging, golden, list(self._kept), self._levels)
        if len(self._kept) < imaging.frames:
            early = len(self._kept) >= AT_LEAST
            checks = [c if early and abs(c.drift) > FAR_OUT * c.limit[1] else _fine(c) for c in checks]
        self._levels = {c.name: c.level for c in checks}
        told = sorted((c for c in checks if c.words), key=lambda c: -_RANK[c.level])
        level: Level = told[0].level if told else "fine"
        return Drift(level, "; ".join(c.words for c in told), tuple(checks))


class _Golden:
    """What is held against every frame, worked out once."""

    def __init__(self, imaging: Imaging) -> None:
        self._size = imaging.golden.shape
        self._small = _reduced(imaging.golden)
        self.brightness, self.saturation, self.focus = _plain(imaging.golden)

    def measure(self, grey: NDArray[np.uint8]) -> _Measure:
        """Raises ValueError for a picture of another size."""
        if grey.shape != self._size:
            now, golden = (f"{shape[1]}×{shape[0]}" for shape in (grey.shape, self._size))
            raise ValueError(f"it has {now} pixels instead of {golden}")
        return _Measure(*_plain(grey), *_shift(self._small, _reduced(grey), grey.shape[1]))


def _plain(grey: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Brightness, saturation and focus of H×W grey at 8 bits."""
    return cv2.mean(grey)[0] / 255.0, float(np.count_nonzero(grey == 255)) / grey.size, _focus(grey, "", 255)


def _checks(imaging: Imaging, golden: _Golden, seen: list[_Measure], before: dict[str, Level]) -> list[Check]:
    """Each figure's median over what was seen, held against its limits."""
    bright, white = median(m.brightness for m in seen), median(m.saturation for m in seen)
    sharp = median(m.focus for m in seen)
    sure = [m for m in seen if m.confidence >= SURE]
    away = math.nan
    if 2 * len(sure) > len(seen):
        away = math.hypot(median(m.dx for m in sure), median(m.dy for m in sure))
    dark = golden.brightness < TOO_DARK
    found = [
        Check("brightness", golden.brightness, bright, bright / max(golden.brightness, 1 / 255) - 1.0, (0, 0), "fine"),
        Check("saturation", golden.saturation, white, max(0.0, white - golden.saturation), (0, 0), "fine"),
        Check(
            "focus",
            golden.focus,
            sharp,
            math.nan if dark or not golden.focus else 1.0 - sharp / golden.focus,
            (0, 0),
            "fine",
        ),
        Check("shift", 0.0, away, away, (0, 0), "fine"),
    ]
    limits = (imaging.brightness, imaging.saturation, imaging.focus, imaging.shift_px)
    return [_told(c, limit, before.get(c.name, "fine")) for c, limit in zip(found, limits, strict=True)]


def _told(check: Check, limit: tuple[float, float], before: Level) -> Check:
    """The check with its level and words. Sharper than the golden picture is no drift, whatever brightness says."""
    size = abs(check.drift) if check.name == "brightness" else check.drift
    level: Level = "fine"
    for reached, at in zip(("warn", "review"), limit, strict=True):
        holds = _RANK[before] >= _RANK[cast(Level, reached)]
        # A drift that is not a number is over no limit.
        if size > (at * BACK_AT if holds else at):
            level = cast(Level, reached)
    made = replace(check, limit=limit, level=level)
    return made if level == "fine" else replace(made, words=_words(made))


def _fine(check: Check) -> Check:
    return replace(check, level="fine", words="")


def _words(check: Check) -> str:
    limit = check.limit[_RANK[check.level] - 1]
    if check.name == "shift":
        by, most = unequal(check.drift, limit, 0)
        return f"the picture has moved by {by} px (limit {most} px): camera or fixture loose?"
    by, most = unequal(abs(check.drift) * 100, limit * 100, 0)
    if check.name == "focus":
        return f"the picture has lost {by} % of its sharpness (limit {most} %): focus, vibration, dirty lens?"
    if check.name == "saturation":
        return f"{by} % more of the picture is overexposed than of the golden one (limit {most} %): lamp, reflection?"
    if check.drift < 0:
        return f"the picture is {by} % darker than the golden one (limit {most} %): lamp, aperture, dirt?"
    return f"the picture is {by} % brighter than the golden one (limit {most} %): exposure, stray light?"


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
