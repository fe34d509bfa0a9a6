"""Pixels → model input; the only copy. The trainer imports it, so training and the line see the same picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain import Box, Contour, Mask, Pixels, Quality
from engine.manifest import InputSpec
from engine.product import WHOLE, View

BORDER_GREY = 114
CLIPPED_FROM = 250


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the model's input lies in the frame: frame = offset + input / scale, per axis, in pixels."""

    scale_x: float
    scale_y: float
    pad_x: int
    pad_y: int
    left: int
    top: int

    def to_frame(self, x: float, y: float) -> tuple[int, int]:
        """A point of the model's input in frame pixels."""
        return (
            round(self.left + (x - self.pad_x) / self.scale_x),
            round(self.top + (y - self.pad_y) / self.scale_y),
        )

    def box_to_frame(self, box: Box) -> Box:
        """A box of the model's input in frame pixels."""
        x0, y0 = self.to_frame(box[0], box[1])
        x1, y1 = self.to_frame(box[0] + box[2], box[1] + box[3])
        return x0, y0, max(1, x1 - x0), max(1, y1 - y0)

    def contour_to_frame(self, contour: NDArray[np.int32]) -> Contour:
        """An OpenCV contour (N×1×2) of the model's input in frame pixels."""
        return tuple(self.to_frame(float(x), float(y)) for x, y in contour.reshape(-1, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the model is shown of one frame: one input, or one a tile, and where each lies in the frame."""

    inputs: tuple[NDArray[np.uint8], ...]
    """Each uint8 H×W×C, contiguous."""
    places: tuple[Placement, ...]
    size: tuple[int, int]
    """Height and width of the frame in pixels."""
    view: View
    quality: Quality
    """Of the inspected region as the model sees it."""


def look(pixels: Pixels, spec: InputSpec, view: View = WHOLE) -> Look:
    """Lay the viewed part of a frame into the model's input. Raises ValueError for pixels that are no picture."""
    size = (int(pixels.shape[0]), int(pixels.shape[1]))
    picture = prepare(pixels, spec, view.roi)
    return Look((picture,), (place(size, spec, view.roi),), size, view, quality_of(picture))


def quality_of(picture: NDArray[np.uint8]) -> Quality:
    """Brightness, contrast, sharpness and clipping of one prepared input (H×W×C)."""
    grey = to_channels(picture[..., 0] if picture.shape[2] == 1 else picture, 1)
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(grey))
    edges = float(np.abs(cv2.Laplacian(grey, cv2.CV_16S)).mean())
    clipped = float(np.count_nonzero(grey >= CLIPPED_FROM)) / grey.size
    return Quality(mean, deviation, edges / max(deviation, 1e-6), clipped)


def to_uint8(pixels: Pixels) -> NDArray[np.uint8]:
    """8-bit as it is. 16-bit by its top byte when it uses 16 bits, else by the bits it uses (10, 12)."""
    if pixels.dtype == np.uint8:
        return cast(NDArray[np.uint8], pixels)
    if pixels.dtype != np.uint16:
        raise ValueError(f"pixels must be uint8 or uint16, not {pixels.dtype}")
    peak = int(pixels.max(initial=0))
    bits = next(b for b in (8, 10, 12, 16) if peak < 1 << b)
    return cast(NDArray[np.uint8], (pixels >> max(0, bits - 8)).astype(np.uint8))


def to_channels(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """H×W or H×W×3 BGR → H×W (channels 1) or H×W×3 (channels 3)."""
    if channels == 1:
        return cast(NDArray[np.uint8], pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    return cast(NDArray[np.uint8], pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))


def place(size: tuple[int, int], spec: InputSpec, roi: Box | None = None) -> Placement:
    """How a frame of `size` (height, width) is laid into the model's input."""
    left, top, width, height = roi or (0, 0, size[1], size[0])
    scale_x, scale_y = spec.width / width, spec.height / height
    if spec.resize == "stretch":
        return Placement(scale_x, scale_y, 0, 0, left, top)
    scale = min(scale_x, scale_y)
    pad_x = (spec.width - round(width * scale)) // 2
    pad_y = (spec.height - round(height * scale)) // 2
    return Placement(scale, scale, pad_x, pad_y, left, top)


def prepare(pixels: Pixels, spec: InputSpec, roi: Box | None = None) -> NDArray[np.uint8]:
    """The model's input for one frame: uint8 H×W×C, contiguous. Shrinking averages, growing interpolates."""
    if roi is not None:
        x, y, width, height = roi
        pixels = pixels[y : y + height, x : x + width]
    small = _fit(to_channels(to_uint8(pixels), spec.channels), spec, BORDER_GREY, smooth=True)
    return np.ascontiguousarray(small.reshape(spec.height, spec.width, spec.channels))


def prepare_mask(mask: Mask, spec: InputSpec, roi: Box | None = None) -> Mask:
    """A mask laid exactly as `prepare` lays the picture: uint8 H×W, 0 or 255; thin defects survive shrinking."""
    if roi is not None:
        x, y, width, height = roi
        mask = mask[y : y + height, x : x + width]
    small = _fit(((mask > 0) * np.uint8(255)).astype(np.uint8), spec, 0, smooth=True)
    return np.where(small >= 64, np.uint8(255), np.uint8(0))


def _fit(pixels: NDArray[np.uint8], spec: InputSpec, border: int, *, smooth: bool) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    where = place((height, width), spec)
    inner = (spec.width - 2 * where.pad_x, spec.height - 2 * where.pad_y)
    if spec.resize == "letterbox":
        inner = (round(width * where.scale_x), round(height * where.scale_y))
    shrinking = inner[0] < width or inner[1] < height
    method = cv2.INTER_AREA if shrinking and smooth else cv2.INTER_LINEAR
    small = pixels if inner == (width, height) else cv2.resize(pixels, inner, interpolation=method)
    if inner != (spec.width, spec.height):
        right, bottom = spec.width - inner[0] - where.pad_x, spec.height - inner[1] - where.pad_y
        small = cv2.copyMakeBorder(
            small, where.pad_y, bottom, where.pad_x, right, cv2.BORDER_CONSTANT, value=(border, border, border)
        )
    return cast(NDArray[np.uint8], small)
