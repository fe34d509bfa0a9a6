"""One shape of a labelme file: an outline, or a small mask at its place."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from engine.images.decoding.fault import Undecodable
from engine.images.decoding.headers import PNG_START
from engine.images.decoding.picture import decode
from trainer.formats.samples.label_files import coordinate
from trainer.formats.samples.shapes import Kind, Shape, draw, rectangle

MAX_MASK_BYTES = 64 * 1024**2
_KINDS: dict[str, tuple[Kind, int]] = {
    "polygon": ("polygon", 3),
    "rotation": ("polygon", 3),
    "quadrilateral": ("polygon", 4),
    "oriented_rectangle": ("polygon", 3),
    "circle": ("circle", 2),
    "line": ("line", 2),
    "linestrip": ("line", 2),
}
_LEAST = 1e-6
"""Pixels: what is not wider has no width but for rounding."""
_CORRECT = "Correct that file."


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A mask H×W, 0 or 255, whose upper left corner lies at (x, y)."""

    pixels: Mask
    x: int
    y: int


Drawn = Shape | Stamp


def read_shape(value: Any, where: str) -> tuple[str, Drawn]:
    """A shape and its class. Raises DatasetError for what encloses nothing or cannot be read."""
    if not isinstance(value, dict) or not isinstance(value.get("label"), str) or not value["label"].strip():
        raise DatasetError(f"{where} has no label.", _CORRECT)
    label, kind, points = value["label"].strip(), value.get("shape_type") or "polygon", value.get("points")
    if not isinstance(points, list) or not all(isinstance(p, list) and len(p) == 2 for p in points):
        raise DatasetError(f"{where} has points that cannot be read.", _CORRECT)
    places = np.array([[coordinate(v, where) for v in point] for point in points], np.float64).reshape(-1, 2)
    if kind == "mask":
        return label, _stamp(value.get("mask"), places, where)
    if kind == "rectangle" and len(places) in (2, 4):
        return label, rectangle(*places.min(axis=0).tolist(), *places.max(axis=0).tolist())
    if kind not in _KINDS or len(places) < _KINDS[kind][1] or (kind == "circle" and len(places) != 2):
        raise DatasetError(
            f"{where} is a {str(kind)[:40]} with {len(places)} points, which encloses nothing.", _CORRECT
        )
    return label, Shape(_KINDS[kind][0], places)


def area_of(drawn: Drawn) -> float:
    """In pixels squared; a line counts its length."""
    return float(np.count_nonzero(drawn.pixels)) if isinstance(drawn, Stamp) else drawn.area


def check_shown(drawn: Drawn, size: tuple[int, int] | None, where: str, *, boxed: bool = False) -> bool:
    """True. Raises DatasetError for what encloses nothing, or nothing of a picture of that height and width (None =
    unknown): its mask would be empty. `boxed`: it is only a box around a defect, of which no mask is made.
    """
    if not boxed and not _encloses(drawn):
        raise DatasetError(f"{where} encloses nothing.", _CORRECT)
    if size is None or (isinstance(drawn, Shape) and _inside(drawn, *size)):
        return True
    left, top, right, bottom = _bounds(drawn)
    x, y = max(math.floor(left) - 1, 0), max(math.floor(top) - 1, 0)
    across, down = min(math.ceil(right) + 2, size[1]) - x, min(math.ceil(bottom) + 2, size[0]) - y
    if across <= 0 or down <= 0 or not (boxed or draw_all([_moved(drawn, x, y)], down, across).any()):
        raise DatasetError(f"{where} lies outside of the picture of {size[1]}×{size[0]} pixels.", _CORRECT)
    return True


def _encloses(drawn: Drawn) -> bool:
    """Whether a mask has a set pixel, a line a length and an outline a width, be it that it crosses itself."""
    if isinstance(drawn, Stamp):
        return bool(drawn.pixels.any())
    steps = drawn.points - drawn.points[0]
    far = steps[int(np.hypot(*steps.T).argmax())]
    if drawn.kind != "polygon" or not far.any():
        return bool(far.any())
    return bool((np.abs(steps[:, 0] * far[1] - steps[:, 1] * far[0]) > _LEAST * np.hypot(*far)).any())


def _inside(shape: Shape, height: int, width: int) -> bool:
    """Whether one of its points lies in the picture: its outline is drawn there."""
    places = shape.points[:1] if shape.kind == "circle" else shape.points
    return bool(((places >= 0) & (places <= (width - 1, height - 1))).all(axis=1).any())


def _bounds(drawn: Drawn) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    if isinstance(drawn, Stamp):
        return drawn.x, drawn.y, drawn.x + drawn.pixels.shape[1] - 1, drawn.y + drawn.pixels.shape[0] - 1
    reach = float(np.hypot(*(drawn.points[1] - drawn.points[0]))) if drawn.kind == "circle" else 0.0
    points = drawn.points[:1] if drawn.kind == "circle" else drawn.points
    (left, top), (right, bottom) = points.min(axis=0) - reach, points.max(axis=0) + reach
    return float(left), float(top), float(right), float(bottom)


def _moved(drawn: Drawn, x: int, y: int) -> Drawn:
    """As seen from (x, y)."""
    if isinstance(drawn, Stamp):
        return Stamp(drawn.pixels, drawn.x - x, drawn.y - y)
    return Shape(drawn.kind, drawn.points - (x, y))


def draw_all(drawn: Sequence[Drawn], height: int, width: int) -> Mask:
    """Everything on one mask H×W, 0 or 255; what lies outside of the picture is cut off."""
    mask = draw([one for one in drawn if isinstance(one, Shape)], height, width)
    for one in drawn:
        if isinstance(one, Stamp):
            top, left = max(one.y, 0), max(one.x, 0)
            part = one.pixels[top - one.y : max(height - one.y, 0), left - one.x : max(width - one.x, 0)]
            place = mask[top : top + part.shape[0], left : left + part.shape[1]]
            np.maximum(place, part, out=place)
    return mask


def _stamp(coded: Any, places: NDArray[np.float64], where: str) -> Stamp:
    """labelme's own: a PNG in base64, its set pixels the shape's, and the corners of its place."""
    if not isinstance(coded, str) or len(coded) > MAX_MASK_BYTES or len(places) != 2:
        raise DatasetError(f"{where} is a mask without its picture.", _CORRECT)
    try:
        data = base64.b64decode(coded, validate=True)
        pixels = decode(data) if data.startswith(PNG_START) else None
    except (binascii.Error, ValueError, Undecodable) as error:
        raise DatasetError(f"{where} is a mask whose picture cannot be read.", _CORRECT) from error
    if pixels is None or pixels.ndim != 2:
        raise DatasetError(f"{where} is a mask whose picture is not grey PNG.", _CORRECT)
    x, y = (int(v) for v in np.rint(places.min(axis=0)))
    return Stamp(np.where(pixels > 0, np.uint8(255), np.uint8(0)), x, y)
