"""A stamp is one mark on the metal, drawn in its own small frame and then pressed into the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.sources.demo.noise import Field, Picture

LIGHT = (-0.6, -0.8)
"""Where the light comes from, x and y in the picture: the top left."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """One mark, h×w; its middle comes to lie where it is pressed, its x axis along the angle given there."""

    gain: Field
    """Relative change of brightness: -0.3 takes 30 % away."""
    cover: Picture
    """255 where the mark is: its true mask."""
    smooth: Field | None = None
    """How far the metal's texture is drowned, 0…1; None = not at all."""


def light_at(angle: float) -> tuple[float, float]:
    """The light's direction seen in a stamp's frame that will be pressed at `angle` (radians, clockwise on screen)."""
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    return cos * LIGHT[0] + sin * LIGHT[1], cos * LIGHT[1] - sin * LIGHT[0]


def press(picture: Picture, stamp: Stamp, at: tuple[float, float], angle: float) -> None:
    """Change `picture` (H×W uint8) by the stamp with its middle at x, y `at`, in place."""
    patch, turn = _lie(picture, stamp, at, angle)
    if patch.size == 0:
        return
    size = (patch.shape[1], patch.shape[0])
    metal = patch.astype(np.float32)
    if stamp.smooth is not None:
        flat = cv2.GaussianBlur(metal, (0, 0), 4.0)
        metal += cv2.warpAffine(stamp.smooth, turn, size) * (flat - metal)
    metal *= 1 + cv2.warpAffine(stamp.gain, turn, size)
    np.clip(metal + 0.5, 0, 255, out=metal)
    patch[:] = metal.astype(np.uint8)


def trace(stamp: Stamp, at: tuple[float, float], angle: float, height: int, width: int) -> Picture:
    """Where in a picture of that size the stamp, pressed there, covers it: H×W, 255 = covered."""
    mask = np.zeros((height, width), np.uint8)
    patch, turn = _lie(mask, stamp, at, angle)
    if patch.size:
        cover = cv2.warpAffine(stamp.cover, turn, (patch.shape[1], patch.shape[0]))
        patch[:] = np.where(cover >= 128, np.uint8(255), np.uint8(0))
    return mask


def _lie(picture: Picture, stamp: Stamp, at: tuple[float, float], angle: float) -> tuple[Picture, NDArray[np.float64]]:
    """The part of the picture under the stamp, a view, and the 2×3 matrix from the stamp into it."""
    height, width = stamp.gain.shape
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    reach_x = (abs(cos) * width + abs(sin) * height) / 2 + 1
    reach_y = (abs(sin) * width + abs(cos) * height) / 2 + 1
    left, right = max(0, int(at[0] - reach_x)), max(0, int(at[0] + reach_x) + 2)
    top, bottom = max(0, int(at[1] - reach_y)), max(0, int(at[1] + reach_y) + 2)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    turn = np.array(
        (
            (cos, -sin, at[0] - left - cos * middle_x + sin * middle_y),
            (sin, cos, at[1] - top - sin * middle_x - cos * middle_y),
        )
    )
    return picture[top:bottom, left:right], turn
