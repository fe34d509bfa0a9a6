"""Pixels → model input; the only copy. The trainer imports it, so training and the line see the same picture.

Depth of uint16 pixels: stated (`bits`, by the recipe or the camera) they are divided so that 2^bits - 1 is white.
Not stated, the brightest pixel of each picture tells whether it is 8, 10, 12 or 16 bits; a dark picture of a deep
camera then comes out brighter than its neighbours, so lines with such cameras state it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, Contour, FrameRef, Mask, Pixels, Quality
from engine.domain.recipe import WHOLE, Reference, Tiles, View
from engine.packages.manifest import InputSpec
from engine.preprocessing.registration import Affine, find_part

BORDER_GREY = 114
CLIPPED_FROM = 250
AVERAGED_FROM = 1.5
"""Shrinking by more than this averages, by less it interpolates."""
MAX_TILES = 400
EDGE_PX = 3.0
"""By so much may an inspected place of a found part lie outside the frame."""
# OpenCV names a mosaic by its second row and column, GenICam and we by its first two rows; both names exist.
_BAYER = {
    "RGGB": cv2.COLOR_BayerRGGB2BGR,
    "BGGR": cv2.COLOR_BayerBGGR2BGR,
    "GRBG": cv2.COLOR_BayerGRBG2BGR,
    "GBRG": cv2.COLOR_BayerGBRG2BGR,
}
BAYER_PATTERNS = tuple(_BAYER)


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


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the model is shown of one frame: one input, or one a tile, and where each lies in the frame."""

    inputs: tuple[NDArray[np.uint8], ...]
    """Each uint8 H×W×C, contiguous. None at all when `lost`."""
    places: tuple[Placement, ...]
    size: tuple[int, int]
    """Height and width of the frame in pixels."""
    view: View
    quality: Quality
    """Of the inspected region as the model sees it; with tiles, the mean of theirs."""
    region: Box = (0, 0, 0, 0)
    """What is inspected, in frame pixels; in the golden picture's where there is a reference."""
    boxes: tuple[Box, ...] = ()
    """Where each input lies, in the same pixels."""
    inside: Mask | None = None
    """The polygon over `region`, 255 = inspected; None = all of it."""
    back: Affine | None = None
    """2×3, golden picture → frame."""
    lost: str = ""
    """Why there is nothing to show the model: the frame must not be judged. Empty = there is."""


class _Unseen(Exception):
    """What the recipe wants inspected cannot be seen in this frame."""


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    picture: NDArray[np.uint8]
    box: Box
    inside: Mask | None
    back: Affine | None


def look(pixels: Pixels, spec: InputSpec, view: View = WHOLE) -> Look:
    """Lay the viewed part of a frame into the model's input, or its tiles into one each.

    A frame in which the view cannot be had (region outside, part not found) is `lost`, with the reason. Outside the
    polygon everything is painted BORDER_GREY first. Raises ValueError for pixels that are no picture.
    """
    size = (int(pixels.shape[0]), int(pixels.shape[1]))
    plain = debayer(pixels, view.bayer) if view.bayer else pixels
    try:
        region = _region(plain, spec.channels, view)
        boxes = _shown(region, view.tiles)
    except _Unseen as reason:
        whole = _laid(to_channels(to_uint8(plain, view.bits), spec.channels), spec)
        return Look((), (), size, view, quality_of(whole), lost=str(reason))
    left, top = region.box[:2]
    inputs, places, qualities = [], [], []
    for x, y, width, height in boxes:
        inputs.append(_laid(region.picture[y : y + height, x : x + width], spec))
        places.append(replace(place(size, spec, (left + x, top + y, width, height)), back=region.back))
        mask = _inside_input(view.polygon, places[-1], (width, height), spec) if view.polygon else None
        qualities.append(quality_of(inputs[-1], mask))
    return Look(
        tuple(inputs),
        tuple(places),
        size,
        view,
        _mean(qualities),
        region.box,
        tuple((left + x, top + y, width, height) for x, y, width, height in boxes),
        region.inside,
        region.back,
    )


def _region(pixels: Pixels, channels: int, view: View) -> _Region:
    """The inspected region upright, painted grey outside the polygon."""
    if view.reference is not None:
        box, picture, back = _upright(to_channels(to_uint8(pixels, view.bits), channels), view, view.reference)
    else:
        rows, columns = pixels.shape[:2]
        x, y, width, height = box = view.roi or (0, 0, columns, rows)
        _check_within((x, y), (x + width, y + height), (columns, rows), "region of interest")
        if view.polygon:
            _check_within((0, 0), _far_corner(view.polygon), (columns, rows), "polygon")
        picture = to_channels(to_uint8(pixels[y : y + height, x : x + width], view.bits), channels)
        back = None
    if not view.polygon:
        return _Region(picture, box, None, back)
    inside = _inside(view.polygon, box)
    painted = np.full_like(picture, BORDER_GREY)
    cv2.copyTo(picture, inside, painted)
    return _Region(painted, box, inside, back)


def _upright(picture: NDArray[np.uint8], view: View, reference: Reference) -> tuple[Box, NDArray[np.uint8], Affine]:
    """The region as the golden picture has it, and the way back to the frame."""
    found = find_part(to_channels(picture, 1), reference)
    if found.doubt:
        raise _Unseen(found.doubt)
    rows, columns = reference.pixels.shape
    x, y, width, height = box = view.roi or (0, 0, columns, rows)
    _check_visible(found.back, view, reference.part, (picture.shape[1], picture.shape[0]))
    forward = found.forward
    forward[:, 2] -= (x, y)
    grey = (BORDER_GREY,) * 3
    turned = cv2.warpAffine(picture, forward, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=grey)
    return box, np.asarray(turned, np.uint8), found.back


def _check_within(near: tuple[int, int], far: tuple[int, int], size: tuple[int, int], what: str) -> None:
    if min(near) < 0 or far[0] > size[0] or far[1] > size[1]:
        raise _Unseen(f"the recipe's {what} lies outside the frame")


def _check_visible(back: Affine, view: View, part: Box, size: tuple[int, int]) -> None:
    """What is to be inspected (without region and polygon: the part) must lie within the frame (width, height)."""
    x, y, width, height = view.roi or part
    points = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float64)
    if view.polygon:
        points = np.array(view.polygon, np.float64)
        if view.roi is not None:
            points = np.clip(points, (x, y), (x + width, y + height))
    seen = points @ back[:, :2].T + back[:, 2]
    if seen.min() < -EDGE_PX or (seen.max(axis=0) > np.array(size) + EDGE_PX).any():
        raise _Unseen("the part was found, but reaches out of the frame")


def _far_corner(polygon: Contour) -> tuple[int, int]:
    return max(x for x, _ in polygon), max(y for _, y in polygon)


@lru_cache(maxsize=8)
def _inside(polygon: Contour, box: Box) -> Mask:
    """The polygon over a box: uint8 H×W of the box, 255 inside and on the outline."""
    mask = np.zeros((box[3], box[2]), np.uint8)
    cv2.fillPoly(mask, [np.array(polygon, np.int32).reshape(-1, 1, 2) - box[:2]], 255)
    return cast(Mask, mask)


def _inside_input(polygon: Contour, where: Placement, size: tuple[int, int], spec: InputSpec) -> Mask:
    """The polygon over one input: uint8 H×W of the input, 255 inside. `size`: width, height of what it shows."""
    return _drawn(polygon, (where.left, where.top, *size), spec.height, spec.width, spec.channels, spec.resize)


@lru_cache(maxsize=MAX_TILES)
def _drawn(polygon: Contour, box: Box, height: int, width: int, channels: Any, resize: Any) -> Mask:
    """An InputSpec is no key of a cache; its fields are."""
    fitted = _fit(_inside(polygon, box), InputSpec(height=height, width=width, channels=channels, resize=resize), 0)
    return np.where(fitted == 255, np.uint8(255), np.uint8(0))


def _shown(region: _Region, tiles: Tiles | None) -> tuple[Box, ...]:
    """The tiles to be judged, in pixels of the region; those wholly outside the polygon are left out."""
    height, width = region.picture.shape[:2]
    boxes = tile_boxes((height, width), tiles)
    if len(boxes) > MAX_TILES:
        raise _Unseen(f"the recipe's tiles are too small: {len(boxes)} for one frame, at most {MAX_TILES}")
    inside = region.inside
    if inside is None:
        return boxes
    seen = tuple(b for b in boxes if inside[b[1] : b[1] + b[3], b[0] : b[0] + b[2]].any())
    if not seen:
        raise _Unseen("the recipe's polygon lies outside its region of interest")
    return seen


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


def _mean(qualities: Sequence[Quality]) -> Quality:
    if len(qualities) == 1:
        return qualities[0]
    rows = [(q.brightness, q.contrast, q.sharpness, q.clipped) for q in qualities]
    return Quality(*(sum(column) / len(rows) for column in zip(*rows, strict=True)))


def quality_of(picture: NDArray[np.uint8], inside: Mask | None = None) -> Quality:
    """Brightness, contrast, sharpness and clipping of one prepared input (H×W×C), within a mask (H×W) if given."""
    grey = to_channels(picture[..., 0] if picture.shape[2] == 1 else picture, 1)
    if inside is not None and not inside.any():
        inside = None
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(grey, mask=inside))
    slopes = np.abs(cv2.Laplacian(grey, cv2.CV_16S))
    white = grey >= CLIPPED_FROM
    if inside is None:
        edges, clipped = float(slopes.mean()), float(np.count_nonzero(white)) / grey.size
    else:
        # The painted border is no edge of the part.
        edges = cv2.mean(slopes, mask=cv2.erode(inside, np.ones((3, 3), np.uint8)))[0]
        clipped = float(np.count_nonzero(white & (inside > 0))) / np.count_nonzero(inside)
    return Quality(mean, deviation, edges / max(deviation, 1e-6), clipped)


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
    return _laid(to_channels(to_uint8(pixels, bits), spec.channels), spec)


def _laid(picture: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    small = _fit(picture, spec, BORDER_GREY)
    return np.ascontiguousarray(small.reshape(spec.height, spec.width, spec.channels))


def prepare_mask(mask: Mask, spec: InputSpec, roi: Box | None = None) -> Mask:
    """A mask laid exactly as `prepare` lays the picture: uint8 H×W, 0 or 255; thin defects survive shrinking."""
    if roi is not None:
        x, y, width, height = roi
        mask = mask[y : y + height, x : x + width]
    small = _fit(((mask > 0) * np.uint8(255)).astype(np.uint8), spec, 0)
    return np.where(small >= 64, np.uint8(255), np.uint8(0))


def _fit(pixels: NDArray[np.uint8], spec: InputSpec, border: int) -> NDArray[np.uint8]:
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
