"""Pictures made worse as a line makes them worse: light, glare, focus, noise, compression, distance, angle, contrast.

Applied to the source's pixels, before anything of the model's: uint8 or uint16, H×W or H×W×3, same shape and type
out. Levels are shares of full scale: 255, or 2^bits - 1 of a 16-bit picture (bits as stated, else by its brightest
pixel, as `preprocessing.look` does). Lengths are given for a picture 224 pixels wide and high and grow with the root of
its area. Everything random is drawn from the picture's key, so a picture is always disturbed alike.

dim: grey × 0.6. bright: grey × 1.4, clipped. glare: an ellipse saturated in its core and fading out to half-axes of
10 to 20 % of the picture's sides, its centre in the middle 70 %. blur: Gaussian, sigma 1.5 at 224. noise: Gaussian,
sigma 8/255 of full scale on every pixel. jpeg60: JPEG at quality 60 (eight bits, as JPEG has). larger, smaller: scaled
by 1.1 and 0.9 about the centre. left, right: turned by 5° about the centre. Outside the picture, its mirror image
goes on. flat, hard: contrast × 0.7 and × 1.3 about the picture's mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, Pixels
from engine.images.depth import to_uint8

REFERENCE_SIDE = 224.0
Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What a disturbance may know beside the pixels. `full`: the grey value that is white."""

    full: float
    random: np.random.Generator
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One way to make a picture worse: a stable name, the title and strength a person reads."""

    name: str
    title: str
    how: str
    _apply: Callable[[Plane, _Scene], Plane]

    def disturb(self, pixels: Pixels, key: str, *, bits: int = 0, box: Box | None = None) -> Pixels:
        """The picture under this condition. `key` seeds it; `box`: where glare may fall (x, y, width, height)."""
        depth = _depth(pixels, bits)
        seed = hashlib.sha256(f"{self.name}\0{key}".encode()).digest()[:8]
        where = box or (0, 0, int(pixels.shape[1]), int(pixels.shape[0]))
        full = float((1 << depth) - 1)
        scene = _Scene(full, np.random.default_rng(int.from_bytes(seed, "big")), where)
        changed = np.rint(np.clip(self._apply(pixels.astype(np.float32), scene), 0.0, full))
        return cast(Pixels, changed.astype(pixels.dtype))


def _depth(pixels: Pixels, bits: int) -> int:
    if pixels.dtype == np.uint8:
        return 8
    peak = int(pixels.max(initial=0))
    return bits or next(b for b in (8, 10, 12, 16) if peak < 1 << b)


def _gain(factor: float) -> Callable[[Plane, _Scene], Plane]:
    return lambda plane, _scene: plane * np.float32(factor)


def _contrast(factor: float) -> Callable[[Plane, _Scene], Plane]:
    return lambda plane, _scene: (plane - plane.mean()) * np.float32(factor) + plane.mean()


def _glare(plane: Plane, scene: _Scene) -> Plane:
    left, top, width, height = scene.box
    x, y = (scene.random.uniform(0.15, 0.85, 2) * (width, height)) + (left, top)
    across, down = scene.random.uniform(0.10, 0.20, 2) * (width, height)
    angle = scene.random.uniform(0.0, np.pi)
    rows, columns = np.mgrid[: plane.shape[0], : plane.shape[1]].astype(np.float32)
    u = ((columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)) / max(1.0, across)
    v = ((rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)) / max(1.0, down)
    # Saturated up to half of the half-axes, then fading to nothing at them.
    share = np.clip(2.0 * (1.0 - np.sqrt(u * u + v * v)), 0.0, 1.0).astype(np.float32)
    share = share if plane.ndim == 2 else share[..., None]
    return np.asarray(plane + (np.float32(scene.full) - plane) * share, np.float32)


def _blur(plane: Plane, _scene: _Scene) -> Plane:
    sigma = 1.5 * float(np.sqrt(plane.shape[0] * plane.shape[1])) / REFERENCE_SIDE
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _noise(plane: Plane, scene: _Scene) -> Plane:
    spread = np.float32(8.0 / 255.0 * scene.full)
    return plane + spread * scene.random.standard_normal(plane.shape, dtype=np.float32)


def _jpeg(plane: Plane, scene: _Scene) -> Plane:
    grey = to_uint8(np.rint(plane * np.float32(255.0 / scene.full)).astype(np.uint8))
    coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    back = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE if plane.ndim == 2 else cv2.IMREAD_COLOR)
    return np.asarray(back, np.float32) * np.float32(scene.full / 255.0)


def _moved(scale: float, degrees: float) -> Callable[[Plane, _Scene], Plane]:
    def apply(plane: Plane, _scene: _Scene) -> Plane:
        height, width = plane.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), degrees, scale)
        flags, border = cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101
        return np.asarray(cv2.warpAffine(plane, matrix, (width, height), flags=flags, borderMode=border), np.float32)

    return apply


CONDITIONS: tuple[Condition, ...] = (
    Condition("dim", "dim", "grey × 0.6", _gain(0.6)),
    Condition("bright", "bright", "grey × 1.4, clipped", _gain(1.4)),
    Condition("glare", "glare spot", "soft saturated ellipse, half-axes 10 to 20 % of the sides", _glare),
    Condition("blur", "blur", "Gaussian, sigma 1.5 px at 224 px", _blur),
    Condition("noise", "noise", "Gaussian, sigma 8/255 of full scale", _noise),
    Condition("jpeg60", "JPEG 60", "compressed at quality 60", _jpeg),
    Condition("larger", "scale +10 %", "about the centre", _moved(1.1, 0.0)),
    Condition("smaller", "scale −10 %", "about the centre, mirrored edge", _moved(0.9, 0.0)),
    Condition("left", "turned +5°", "anticlockwise, mirrored edge", _moved(1.0, 5.0)),
    Condition("right", "turned −5°", "clockwise, mirrored edge", _moved(1.0, -5.0)),
    Condition("flat", "contrast × 0.7", "about the picture's mean", _contrast(0.7)),
    Condition("hard", "contrast × 1.3", "about the picture's mean, clipped", _contrast(1.3)),
)
CLEAN = Condition("clean", "as it is", "", lambda plane, _scene: plane)
