"""What the model is shown of a frame, and how fit that is: region, part and tiles → one input each.

Every backend and the trainer's INT8 gate look through it, so that all of them see the same picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, Contour, Mask, Pixels, Quality
from engine.domain.recipe import WHOLE, Reference, Tiles, View
from engine.images.depth import debayer, to_channels, to_uint8
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.placement import BORDER_GREY, Placement, fit, laid, place, tile_boxes
from engine.preprocessing.registration import Affine, find_part

CLIPPED_FROM = 250
MAX_TILES = 400
STEEPEST = 0.995
"""The steepest edges of a picture are those over this quantile."""
ROUNDING = 3.0
"""What the rounding of grey levels alone bends the steepest places of a smooth picture by."""
EDGE_PX = 3.0
"""By so much may an inspected place of a found part lie outside the frame."""


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
        whole = laid(to_channels(to_uint8(plain, view.bits), spec.channels), spec)
        return Look((), (), size, view, quality_of(whole), lost=str(reason))
    left, top = region.box[:2]
    inputs, places, qualities = [], [], []
    for x, y, width, height in boxes:
        inputs.append(laid(region.picture[y : y + height, x : x + width], spec))
        places.append(replace(place(size, spec, (left + x, top + y, width, height)), back=region.back))
        mask = _inside_input(view.polygon, places[-1], (width, height), spec) if view.polygon else None
        qualities.append(replace(quality_of(inputs[-1], mask), edges=_steepness(inputs[-1], places[-1], mask)))
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
    fitted = fit(_inside(polygon, box), InputSpec(height=height, width=width, channels=channels, resize=resize), 0)
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


def _mean(qualities: Sequence[Quality]) -> Quality:
    if len(qualities) == 1:
        return qualities[0]
    rows = [(q.brightness, q.contrast, q.sharpness, q.clipped, q.edges) for q in qualities]
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


def _steepness(picture: NDArray[np.uint8], where: Placement, inside: Mask | None) -> float:
    """`Quality.edges` of one input: at its steepest places, how fast the slope changes over how steep it is.

    A step blurred by a Gaussian of sigma pixels has about 1/sigma, however high it is and however many there are. What
    the frame was enlarged by is no blur of the camera's.
    """
    rows = slice(where.pad_y, picture.shape[0] - where.pad_y)
    columns = slice(where.pad_x, picture.shape[1] - where.pad_x)
    shown = picture[rows, columns]
    grey = np.ascontiguousarray(to_channels(shown[..., 0] if shown.shape[2] == 1 else shown, 1))
    mask: Any = None
    if inside is not None:
        mask = cv2.erode(np.ascontiguousarray(inside[rows, columns]), np.ones((5, 5), np.uint8))
        if not mask.any():
            return 0.0
    bent = _quantile(cv2.convertScaleAbs(cv2.Laplacian(grey, cv2.CV_16S)), mask)
    across, down = (cv2.convertScaleAbs(slope, alpha=0.5) for slope in cv2.spatialGradient(grey))
    steep = _quantile(cv2.max(across, down), mask)
    enlarged = math.sqrt(max(1.0, where.scale_x * where.scale_y))
    # Half a Sobel slope is four times the grey levels per pixel.
    return 4.0 * enlarged * math.sqrt(max(0.0, bent**2 - ROUNDING**2)) / max(steep, 1)


def _quantile(values: Any, mask: Mask | None) -> int:
    """Which value only one pixel in so many is over: exact for bytes, at a tenth of the time of sorting."""
    counts = cv2.calcHist([values], [0], mask, [256], [0, 256]).ravel().cumsum()
    return int(np.searchsorted(counts, STEEPEST * counts[-1]))
