"""A golden picture for tests, and frames in which its part lies turned and shifted."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.recipe import Reference

PART = (120, 90, 160, 120)


def golden() -> NDArray[np.uint8]:
    """300×400 grey: a plate with a hole, a pin and a step, which look different from every side."""
    picture = np.full((300, 400), 25, np.uint8)
    cv2.rectangle(picture, (130, 100), (270, 200), 75, -1)
    cv2.circle(picture, (165, 130), 18, 25, -1)
    cv2.circle(picture, (240, 175), 11, 110, -1)
    cv2.rectangle(picture, (200, 110), (255, 125), 45, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.uint8)


def reference(**changes: Any) -> Reference:
    """Finds the plate of `golden`, shifted by up to 60 px and turned by up to 12°."""
    values: dict[str, Any] = {"max_shift_px": 60, "max_angle": 12.0, "min_score": 0.6} | changes
    return Reference("golden", golden(), PART, **values)


def way(angle: float, shift: tuple[float, float]) -> NDArray[np.float64]:
    """2×3, golden picture → frame: turned by `angle` degrees about the plate's middle, then shifted (x, y)."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    linear, middle = np.array([[c, -s], [s, c]]), np.array([200.0, 150.0])
    return np.hstack([linear, (middle - linear @ middle + shift)[:, None]])


def moved(picture: NDArray[np.uint8], angle: float, shift: tuple[float, float]) -> NDArray[np.uint8]:
    """A frame in which the picture lies turned and shifted."""
    turned = cv2.warpAffine(picture, way(angle, shift), (400, 300), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)
