"""What is cut from the metal: plate, strip, flange and block, each with its outline, holes and chamfers.

A shape lives on a canvas larger than the picture and is turned and shifted into it. Light falls from the top left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from engine.sources.demo.noise import Picture
from engine.sources.demo.surfaces import Surface

HEIGHT, WIDTH = 1024, 1280
CANVAS_HEIGHT, CANVAS_WIDTH = 1144, 1400
"""The canvas: 60 pixels more than the picture on every side."""
MIDDLE = (CANVAS_WIDTH // 2, CANVAS_HEIGHT // 2)

_NUMBERS: dict[Surface, tuple[int, int] | None] = {
    "brushed": (-270, 338),
    "rolled": None,
    "turned": (0, -300),
    "milled": (-300, 320),
}


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One part's outline on the canvas. Pictures are H×W uint8 of canvas size."""

    past: Picture
    """255 where one looks past the part, at the fixture."""
    face: Picture
    """255 on the inspected face: metal without chamfers and bores."""
    bright: Picture
    """Grey levels that chamfers and edges add."""
    dark: Picture
    """Grey levels that they take away."""
    number: tuple[int, int] | None
    """Where the middle of the serial number is written, x, y from the part's middle; None = carries none."""
    places: tuple[tuple[int, int], ...]
    """Canvas x, y on the face, at least 34 px from any edge and off the number: where a defect's middle may lie."""


def shape(surface: Surface) -> Shape:
    """The part that is made of this surface."""
    makers: dict[Surface, Callable[[], tuple[Picture, Picture]]] = {
        "brushed": _plate,
        "rolled": _strip,
        "turned": _flange,
        "milled": _block,
    }
    metal, face = makers[surface]()
    bright, dark = _chamfers(metal, face)
    return Shape(
        np.asarray(cv2.bitwise_not(metal), np.uint8),
        face,
        bright,
        dark,
        _NUMBERS[surface],
        _places(face, _NUMBERS[surface]),
    )


def _blank() -> Picture:
    return np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), np.uint8)


def _rounded(picture: Picture, half: tuple[int, int], radius: int, value: int) -> None:
    (cx, cy), (hx, hy) = MIDDLE, half
    cv2.rectangle(picture, (cx - hx + radius, cy - hy), (cx + hx - radius, cy + hy), value, -1)
    cv2.rectangle(picture, (cx - hx, cy - hy + radius), (cx + hx, cy + hy - radius), value, -1)
    for sx in (-1, 1):
        for sy in (-1, 1):
            cv2.circle(picture, (cx + sx * (hx - radius), cy + sy * (hy - radius)), radius, value, -1)


def _bore(metal: Picture, face: Picture, at: tuple[int, int], radius: int, rim: int) -> None:
    cv2.circle(face, at, radius + rim, 0, -1)
    cv2.circle(metal, at, radius, 0, -1)


def _plate() -> tuple[Picture, Picture]:
    metal, face = _blank(), _blank()
    _rounded(metal, (548, 420), 46, 255)
    _rounded(face, (536, 408), 36, 255)
    cx, cy = MIDDLE
    for sx in (-1, 1):
        for sy in (-1, 1):
            _bore(metal, face, (cx + sx * 462, cy + sy * 334), 27, 15)
    return metal, face


def _strip() -> tuple[Picture, Picture]:
    metal, face = _blank(), _blank()
    cy = MIDDLE[1]
    cv2.rectangle(metal, (0, cy - 432), (CANVAS_WIDTH, cy + 432), 255, -1)
    cv2.rectangle(face, (0, cy - 427), (CANVAS_WIDTH, cy + 427), 255, -1)
    return metal, face


def _flange() -> tuple[Picture, Picture]:
    metal, face = _blank(), _blank()
    cv2.circle(metal, MIDDLE, 470, 255, -1)
    cv2.circle(face, MIDDLE, 455, 255, -1)
    _bore(metal, face, MIDDLE, 128, 17)
    for sixth in range(6):
        turn = np.pi * sixth / 3 + 0.2
        at = (round(MIDDLE[0] + 382 * np.cos(turn)), round(MIDDLE[1] + 382 * np.sin(turn)))
        _bore(metal, face, at, 24, 8)
    return metal, face


def _block() -> tuple[Picture, Picture]:
    metal, face = _blank(), _blank()
    cx, cy = MIDDLE
    _rounded(metal, (575, 405), 12, 255)
    _rounded(face, (566, 396), 8, 255)
    for sx in (-1, 1):
        _bore(metal, face, (cx + sx * 492, cy - 322), 30, 7)
        _bore(metal, face, (cx + sx * 492, cy + 322), 19, 5)
    ends = ((cx - 105, cy + 318), (cx + 105, cy + 318))
    cv2.line(face, *ends, 0, 76)
    cv2.line(metal, *ends, 0, 62)
    return metal, face


def _chamfers(metal: Picture, face: Picture) -> tuple[Picture, Picture]:
    """Bevels lit by their slope: height falls from face to edge, and what leans to the top left shines."""
    height = cv2.addWeighted(
        cv2.GaussianBlur(face, (0, 0), 4.5), 1.0, cv2.GaussianBlur(metal, (0, 0), 2.5), 0.5, 0.0, dtype=cv2.CV_32F
    )
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * 0.6 + cv2.Sobel(height, cv2.CV_32F, 0, 1) * 0.8
    slope /= 1.6
    bevel = (metal > 0) & (face == 0)
    bright = np.where(bevel, np.clip(slope, 0, 105) + 14, np.clip(slope, 0, 26))
    dark = np.where(bevel, np.clip(-slope * 0.9, 0, 95), np.clip(-slope * 0.6, 0, 30))
    bright = cv2.GaussianBlur(bright, (0, 0), 0.8)
    dark = cv2.GaussianBlur(dark, (0, 0), 0.8)
    # The outline's last two pixels go dark, or its steps would show: a lens never draws them.
    soft = cv2.GaussianBlur(metal, (0, 0), 1.3).astype(np.float32) / 255
    dark = np.clip(dark + 250 * np.clip(0.95 - soft, 0, 1), 0, 200)
    seen = metal > 0
    return np.where(seen, bright, 0).astype(np.uint8), np.where(seen, dark, 0).astype(np.uint8)


def _places(face: Picture, number: tuple[int, int] | None) -> tuple[tuple[int, int], ...]:
    inside = face.copy()
    inside[:90] = inside[-90:] = 0
    inside[:, :110] = inside[:, -110:] = 0
    if number is not None:
        x, y = MIDDLE[0] + number[0], MIDDLE[1] + number[1]
        cv2.rectangle(inside, (x - 85, y - 10), (x + 85, y + 10), 0, -1)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    ys, xs = np.nonzero(distance[::12, ::12] > 34)
    return tuple((int(x) * 12, int(y) * 12) for x, y in zip(xs, ys, strict=True))
