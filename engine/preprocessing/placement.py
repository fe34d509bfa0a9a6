"""Where the model's input lies in the frame: fitted with its aspect kept, padded, tiled."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, Contour, Mask, Pixels
from engine.domain.recipe import Tiles
from engine.images.depth import to_channels, to_uint8
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.registration import Affine

BORDER_GREY = 114
AVERAGED_FROM = 1.5
"""Shrinking by more than this averages, by less it interpolates."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the model's input lies: viewed = offset + input / scale, per axis, in pixels; frame = back · viewed.

    Viewed pixels are the frame's own, or the golden picture's where the part was found by one.
    """

    scale_x: float
    scale_y: float
    pad_x: int
    pad_y: int
    left: int
    top: int
    back: Affine | None = field(default=None, compare=False, repr=False)
    """2×3, golden picture → frame; None = the frame is viewed as it is."""

    def points_to_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """N×2 points (x, y) of the model's input in frame pixels."""
        viewed = (points - (self.pad_x, self.pad_y)) / (self.scale_x, self.scale_y) + (self.left, self.top)
        return viewed if self.back is None else viewed @ self.back[:, :2].T + self.back[:, 2]

    def to_frame(self, x: float, y: float) -> tuple[int, int]:
        """A point of the model's input in frame pixels."""
        ((frame_x, frame_y),) = self.points_to_frame(np.array([[x, y]], np.float64))
        return round(float(frame_x)), round(float(frame_y))

    def contour_to_frame(self, contour: NDArray[np.int32]) -> Contour:
        """An OpenCV contour (N×1×2) of the model's input in frame pixels."""
        points = np.rint(self.points_to_frame(contour.reshape(-1, 2).astype(np.float64))).astype(int)
        return tuple((x, y) for x, y in points.tolist())

    @property
    def pixel_area(self) -> float:
        """What one pixel of the model's input covers, in frame pixels squared."""
        turned = 1.0 if self.back is None else abs(float(np.linalg.det(self.back[:, :2])))
        return turned / (self.scale_x * self.scale_y)


def tile_boxes(size: tuple[int, int], tiles: Tiles | None) -> tuple[Box, ...]:
    """Tiles over a region of `size` (height, width), row by row: evenly spread, the outer ones flush with its edges.

    Neighbours overlap by at least `tiles.overlap` of a tile; a tile larger than the region is the region.
    """
    height, width = size
    if tiles is None:
        return ((0, 0, width, height),)
    rows, tall = _starts(height, tiles.height, tiles.overlap)
    columns, wide = _starts(width, tiles.width, tiles.overlap)
    return tuple((x, y, wide, tall) for y in rows for x in columns)


def _starts(length: int, tile: int, overlap: float) -> tuple[list[int], int]:
    if tile >= length:
        return [0], length
    step = max(1, math.floor(tile * (1.0 - overlap)))
    gaps = math.ceil((length - tile) / step)
    return [round(i * (length - tile) / gaps) for i in range(gaps + 1)], tile


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


def prepare(pixels: Pixels, spec: InputSpec, roi: Box | None = None, bits: int = 0) -> NDArray[np.uint8]:
    """The model's input for one frame: uint8 H×W×C, contiguous; averaged from AVERAGED_FROM on, else interpolated."""
    if roi is not None:
        x, y, width, height = roi
        pixels = pixels[y : y + height, x : x + width]
    return laid(to_channels(to_uint8(pixels, bits), spec.channels), spec)


def laid(picture: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    small = fit(picture, spec, BORDER_GREY)
    return np.ascontiguousarray(small.reshape(spec.height, spec.width, spec.channels))


def prepare_mask(mask: Mask, spec: InputSpec, roi: Box | None = None) -> Mask:
    """A mask laid exactly as `prepare` lays the picture: uint8 H×W, 0 or 255; thin defects survive shrinking."""
    if roi is not None:
        x, y, width, height = roi
        mask = mask[y : y + height, x : x + width]
    small = fit(((mask > 0) * np.uint8(255)).astype(np.uint8), spec, 0)
    return np.where(small >= 64, np.uint8(255), np.uint8(0))


def fit(pixels: NDArray[np.uint8], spec: InputSpec, border: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    where = place((height, width), spec)
    inner = (spec.width - 2 * where.pad_x, spec.height - 2 * where.pad_y)
    if spec.resize == "letterbox":
        inner = (round(width * where.scale_x), round(height * where.scale_y))
    # Up to here every pixel still weighs in a bilinear sample, at a fifth of the cost.
    shrinking = width > inner[0] * AVERAGED_FROM or height > inner[1] * AVERAGED_FROM
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    small = pixels if inner == (width, height) else cv2.resize(pixels, inner, interpolation=method)
    if inner != (spec.width, spec.height):
        right, bottom = spec.width - inner[0] - where.pad_x, spec.height - inner[1] - where.pad_y
        small = cv2.copyMakeBorder(
            small, where.pad_y, bottom, where.pad_x, right, cv2.BORDER_CONSTANT, value=(border, border, border)
        )
    return cast(NDArray[np.uint8], small)
