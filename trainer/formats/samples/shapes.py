"""Drawn outlines and the masks they enclose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask

Kind = Literal["polygon", "circle", "line"]
_FRACTION_BITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A polygon's corners, a circle's centre and one point of its edge, or a line's points; N×2 (x, y)."""

    kind: Kind
    points: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Enclosed area in the points' unit squared (the shoelace formula); a line counts its length."""
        x, y = self.points[:, 0], self.points[:, 1]
        if self.kind == "polygon":
            return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
        steps = np.hypot(np.diff(x), np.diff(y))
        return math.pi * float(steps[0]) ** 2 if self.kind == "circle" else float(steps.sum())


def rectangle(left: float, top: float, right: float, bottom: float) -> Shape:
    """A rectangle as a polygon."""
    return Shape("polygon", np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64))


def draw(shapes: Sequence[Shape], height: int, width: int) -> Mask:
    """The shapes filled, H×W uint8, 255 inside and on the outline; whole numbers are pixel centres. Lines are 1 px.

    No place may be farther than MAX_COORDINATE (label_files) from 0: OpenCV's fixed-point numbers hold that.
    """
    mask = np.zeros((height, width), np.uint8)
    for shape in shapes:
        points = shape.points * 2**_FRACTION_BITS
        whole = np.rint(points).astype(np.int32)
        if shape.kind == "polygon":
            cv2.fillPoly(mask, [whole], (255,), cv2.LINE_8, _FRACTION_BITS)
        elif shape.kind == "line":
            cv2.polylines(mask, [whole], False, (255,), 1, cv2.LINE_8, _FRACTION_BITS)
        else:
            radius = round(float(np.hypot(*(points[1] - points[0]))))
            cv2.circle(mask, (int(whole[0, 0]), int(whole[0, 1])), radius, (255,), -1, cv2.LINE_8, _FRACTION_BITS)
    return mask
