"""One shape of a labelme file: an outline, or a small mask at its place."""

from __future__ import annotations

import base64
import binascii
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
