"""Where a part lies in a frame, found by its golden picture.

First normalised correlation (OpenCV's TM_CCOEFF_NORMED) of the part with a small copy of the frame, at a few angles;
then refinement by the enhanced correlation coefficient, turn and shift only (Evangelidis and Psarakis, 2008), on a
larger copy. Both are blind to gain and offset of the light. The cost is bounded by the size of the copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.recipe import Reference

Affine = NDArray[np.float64]
"""2×3: maps pixel centres, x and y, of one picture to those of another."""

COARSE_SIDE, COARSE_PX = 64, 100_000
"""At most: the part's longer side in the small copy, and all of what is searched, pixels."""
FINE_SIDE, FINE_PX = 192, 300_000
"""The same of the larger copy."""
MIN_PATTERN = 10
"""The part's shorter side in the small copy, pixels: less cannot be told from anything else."""
MAX_ANGLES = 61
OUTLYING, MIN_DIFFERENCE = 4.0, 12.0
"""What is left out of the refinement: see `_alike`; the second in grey levels."""
FLAT = 2.0
"""Standard deviation of grey under which there is nothing to correlate."""
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-4)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Where the part was found. `doubt` says why that must not be believed; empty = it may."""

    back: Affine
    """Golden picture → frame."""
    score: float
    """Correlation of the part with what was found, 0…1."""
    doubt: str = ""

    @property
    def forward(self) -> Affine:
        """Frame → golden picture."""
        return np.asarray(cv2.invertAffineTransform(self.back), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """The part, made ready: small copies at every angle, and the larger one."""

    angles: tuple[float, ...]
    small: tuple[NDArray[np.float32], ...]
    coarse: int
    """So many pixels, either way, become one of the small copies."""
    large: NDArray[np.float32]
    fine: int
    """The same of the larger copy. Whole numbers: frame and golden picture shrink by exactly the same."""
    to_large: Affine
    """3×3: golden picture → larger copy."""


def is_findable(reference: Reference) -> bool:
    """Whether the part is large enough, for as far as it is searched, to be looked for in a small copy."""
    return min(reference.part[2:]) >= MIN_PATTERN * _shrinkage(reference, COARSE_SIDE, COARSE_PX)


def find_part(frame: NDArray[np.uint8], reference: Reference) -> Found:
    """The part of the golden picture in a frame (H×W grey). There is always an answer: see `doubt`."""
    patterns = _patterns(reference)
    rough, score = _roughly(frame, reference, patterns)
    if score <= 0.0:
        return Found(rough, 0.0, _not_found(0.0, reference))
    back, score = _refined(frame, rough, reference, patterns)
    return Found(back, score, _doubt(back, score, reference))


def _not_found(score: float, reference: Reference) -> str:
    return f"the part was not found (match {score:.2f} < {reference.min_score:.2f})"


def _doubt(back: Affine, score: float, reference: Reference) -> str:
    if not score >= reference.min_score:
        return _not_found(score, reference)
    turned = abs(math.degrees(math.atan2(back[1, 0], back[0, 0])))
    if turned > reference.max_angle + 0.5:
        return f"the part lies turned by {turned:.1f}°, more than {reference.max_angle:g}°"
    middle = _middle(reference)
    shift = float(np.abs(back[:, :2] @ middle + back[:, 2] - middle).max())
    if shift > reference.max_shift_px + 1.0:
        return f"the part lies {shift:.0f} px off, more than {reference.max_shift_px} px"
    return ""


def _middle(reference: Reference) -> NDArray[np.float64]:
    x, y, width, height = reference.part
    return np.array([x + (width - 1) / 2, y + (height - 1) / 2])


@lru_cache(maxsize=4)
def _patterns(reference: Reference) -> _Patterns:
    coarse = _shrinkage(reference, COARSE_SIDE, COARSE_PX)
    fine = _shrinkage(reference, FINE_SIDE, FINE_PX)
    # Neighbouring angles differ by two small pixels at the part's corners: the peak of the correlation is wider.
    step = math.degrees(4.0 * coarse / math.hypot(*reference.part[2:]))
    count = min(MAX_ANGLES, 2 * math.ceil(reference.max_angle / step) + 1)
    angles = tuple(float(a) for a in np.linspace(-reference.max_angle, reference.max_angle, count))
    small = tuple(_cut(reference, angle, coarse) for angle in angles)
    golden = _shrunk(reference.pixels, fine)
    x, y, width, height = reference.part
    left, top, right, bottom = (round(edge / fine) for edge in (x, y, x + width, y + height))
    to_large = _shifted(-left, -top) @ _shrinking(fine)
    return _Patterns(angles, small, coarse, golden[top:bottom, left:right].copy(), fine, to_large)


def _reach(reference: Reference) -> int:
    """How far beyond the part's box it is searched, pixels: as far as it may be shifted, and its corners turned."""
    turned = math.hypot(*reference.part[2:]) * math.sin(math.radians(reference.max_angle)) / 2
    return reference.max_shift_px + math.ceil(turned) + 2


def _shrinkage(reference: Reference, side: int, pixels: int) -> int:
    width, height = (length + 2 * _reach(reference) for length in reference.part[2:])
    return math.ceil(max(1.0, max(reference.part[2:]) / side, math.sqrt(width * height / pixels)))


def _cut(reference: Reference, angle: float, shrinkage: int) -> NDArray[np.float32]:
    """The part's box out of the golden picture turned by `angle` degrees about the part's middle, shrunk."""
    x, y, width, height = reference.part
    turn = _shifted(-x, -y) @ _square(_turn(_middle(reference), angle))
    box = cv2.warpAffine(reference.pixels, turn[:2], (width, height), borderMode=cv2.BORDER_REPLICATE)
    return _shrunk(np.asarray(box, np.uint8), shrinkage)


def _turn(middle: NDArray[np.float64], angle: float) -> Affine:
    """Turns by `angle` degrees, x towards y, about a point."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    linear = np.array([[c, -s], [s, c]])
    return np.hstack([linear, (middle - linear @ middle)[:, None]])


def _roughly(frame: NDArray[np.uint8], reference: Reference, patterns: _Patterns) -> tuple[Affine, float]:
    """Golden picture → frame to about a small pixel and half a step of the angle, and the correlation there."""
    x, y = reference.part[:2]
    left, top, window = _window(frame, reference)
    best = (0.0, 0.0, 0.0, 0.0)
    rows, columns = patterns.small[0].shape
    if window.shape[0] < rows * patterns.coarse or window.shape[1] < columns * patterns.coarse:
        return np.eye(2, 3), 0.0
    seen = _shrunk(window, patterns.coarse)
    if float(seen.std()) < FLAT:
        return np.eye(2, 3), 0.0
    for angle, small in zip(patterns.angles, patterns.small, strict=True):
        match = cv2.matchTemplate(seen, small, cv2.TM_CCOEFF_NORMED)
        # A window without any contrast divides by nothing: OpenCV gives it 1 or infinity.
        match[~(np.abs(match) < 1.0)] = 0.0
        _, score, _, place = cv2.minMaxLoc(match)
        if score > best[0]:
            best = (float(score), angle, place[0] * patterns.coarse + left, place[1] * patterns.coarse + top)
    score, angle, found_x, found_y = best
    back = _turn(_middle(reference), angle)
    back[:, 2] += (found_x - x, found_y - y)
    return back, score


def _window(frame: NDArray[np.uint8], reference: Reference) -> tuple[int, int, NDArray[np.uint8]]:
    """What of the frame is searched, and its left and top."""
    x, y, width, height = reference.part
    reach = _reach(reference)
    left, top = max(0, x - reach), max(0, y - reach)
    return left, top, frame[top : max(0, y + height + reach), left : max(0, x + width + reach)]


def _refined(
    frame: NDArray[np.uint8], rough: Affine, reference: Reference, patterns: _Patterns
) -> tuple[Affine, float]:
    """Golden picture → frame to a fraction of a pixel, and the correlation of the larger copies there."""
    left, top, window = _window(frame, reference)
    seen = _shrunk(window, patterns.fine)
    to_seen = _shrinking(patterns.fine) @ _shifted(-left, -top)
    start = (to_seen @ _square(rough) @ np.linalg.inv(patterns.to_large))[:2].astype(np.float32)
    try:
        score, warp = cv2.findTransformECC(patterns.large, seen, start, cv2.MOTION_EUCLIDEAN, _STOP)
        alike = _alike(patterns.large, seen, warp)
        if 0.0 < alike.mean() / 255 < 1.0:
            score, warp = _without_the_rest(patterns.large, seen, alike, warp)
    except cv2.error:
        # How OpenCV says that the two have nothing in common.
        return rough, 0.0
    back = (np.linalg.inv(to_seen) @ _square(np.asarray(warp, np.float64)) @ patterns.to_large)[:2]
    return back, float(score) if math.isfinite(score) else 0.0


def _without_the_rest(
    golden: NDArray[np.float32], seen: NDArray[np.float32], alike: NDArray[np.uint8], warp: Any
) -> tuple[float, Any]:
    """The refinement by what looks alike; the correlation there, times the share of the part that it stands for.

    A glaring defect would otherwise pull the part towards itself.
    """
    everywhere = np.full(seen.shape, 255, np.uint8)
    score, better = cv2.findTransformECCWithMask(golden, seen, alike, everywhere, warp, cv2.MOTION_EUCLIDEAN, _STOP)
    return score * float(_alike(golden, seen, better).mean()) / 255, better


def _alike(golden: NDArray[np.float32], seen: NDArray[np.float32], warp: Any) -> NDArray[np.uint8]:
    """255 where the part looks as in the golden picture, 0 where not.

    Not: beyond OUTLYING robust standard deviations (1.4826 · median absolute deviation) from a straight line of seen
    over golden grey, fitted twice: the second time without the fifth that lay farthest off.
    """
    found = cv2.warpAffine(seen, warp, golden.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    residual = np.zeros_like(golden)
    for _ in range(2):
        near = residual <= np.quantile(residual, 0.8)
        spread = float(golden[near].var())
        gain = float(np.mean((golden[near] - golden[near].mean()) * found[near])) / max(spread, 1e-3)
        residual = np.abs(found - found[near].mean() - gain * (golden - golden[near].mean()))
    other = residual > max(OUTLYING * 1.4826 * float(np.median(residual)), MIN_DIFFERENCE)
    wide = cv2.dilate(other.astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.where(wide > 0, np.uint8(0), np.uint8(255))


def _square(matrix: Affine) -> Affine:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def _shrunk(picture: NDArray[np.uint8], by: int) -> NDArray[np.float32]:
    """Each by × by pixels as their mean; what is left over at the right and bottom is dropped."""
    rows, columns = picture.shape[0] // by, picture.shape[1] // by
    whole = picture[: rows * by, : columns * by]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _shrinking(by: int) -> Affine:
    """3×3: pixel centres of a picture → those of its shrunk copy."""
    offset = 0.5 / by - 0.5
    return np.array([[1.0 / by, 0.0, offset], [0.0, 1.0 / by, offset], [0.0, 0.0, 1.0]])


def _shifted(x: float, y: float) -> Affine:
    """3×3: shifted by x and y."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
