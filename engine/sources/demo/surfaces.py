"""The metal itself: brushed, rolled, turned and milled surfaces as large grey textures to cut parts from.

A texture is 1.3 times the picture, so that parts are cut from ever other places; 128 is the surface's plain brightness.
Turned textures are centred and are rotated and mixed instead. The grain of brushed, rolled and milled metal lies
along x.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from engine.sources.demo.noise import Field, Picture, as_grey, clouds, line, streaks, unit, white

Surface = Literal["brushed", "rolled", "turned", "milled"]
SURFACES: tuple[Surface, ...] = ("brushed", "rolled", "turned", "milled")
PLAIN = 128.0


def texture(surface: Surface, rng: np.random.Generator, height: int, width: int) -> Picture:
    """One H×W uint8 texture of the surface."""
    makers = {"brushed": _brushed, "rolled": _rolled, "turned": _turned, "milled": _milled}
    return as_grey(PLAIN + makers[surface](rng, height, width))


def _brushed(rng: np.random.Generator, height: int, width: int) -> Field:
    fine = streaks(rng, height, width, 45, 0.5)
    medium = streaks(rng, height, width, 190, 0.7)
    long = streaks(rng, height, width, 700, 1.1)
    broad = clouds(rng, (height, width), 14, 60)
    field = 3.8 * fine + 4.8 * medium + 5.0 * long + 2.8 * broad
    # Single deeper brush lines: the long grain's tails, stretched.
    return np.asarray(field + 2.2 * np.maximum(long - 2.0, 0) - 3.0 * np.maximum(-long - 2.0, 0), dtype=np.float32)


def _rolled(rng: np.random.Generator, height: int, width: int) -> Field:
    bands = clouds(rng, (height, width), 55, 40)
    lines = streaks(rng, height, width, 900, 1.6)
    mottle = clouds(rng, (height, width), 3.0, 4.5)
    patches = clouds(rng, (height, width), 26, 3)
    grain = cv2.GaussianBlur(white(rng, height, width), (0, 0), 0.8)
    field = 4.5 * bands + 2.4 * lines + 2.6 * mottle + 2.2 * patches + 2.6 * unit(np.asarray(grain, np.float32))
    return np.asarray(field - 2.5 * np.maximum(mottle - 2.3, 0), dtype=np.float32)


def _turned(rng: np.random.Generator, height: int, width: int) -> Field:
    """Concentric feed marks around the middle: one cusp a feed, slow drifts where the tool or the speed changed."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = np.asarray(cv2.magnitude(x - np.float32(width / 2), y - np.float32(height / 2)), dtype=np.float32)
    place = radius / np.float32(rng.uniform(4.5, 8.0)) * 16
    rings = _along(_tool_profile(rng, int(place.max()) // 16 + 2, float(rng.uniform(0.5, 0.8))), place)
    drift = _along(line(rng, int(radius.max()) + 2, 30)[None, :], radius)
    grain = unit(np.asarray(cv2.GaussianBlur(white(rng, height, width), (0, 0), 0.7), np.float32))
    return np.asarray(7.5 * rings + 3.5 * drift + 2.2 * grain, dtype=np.float32)


def _along(profile: Field, place: Field) -> Field:
    """A 1-D profile (shape 1×n) looked up at every pixel's place, between its samples."""
    zero = np.zeros_like(place)
    found = cv2.remap(profile, place, zero, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32)


def _milled(rng: np.random.Generator, height: int, width: int) -> Field:
    """Arcs of a face mill fed along x: each pass leaves circles of its radius, one feed apart, crossed by its tail."""
    field = np.zeros((height, width), np.float32)
    reach = float(rng.uniform(430, 620))
    top = -float(rng.uniform(0, 0.6)) * reach
    while top < height:
        first, last = max(0, round(top)), min(height, round(top + 1.2 * reach))
        if last > first:
            field[first:last] = _pass(rng, first - top, last - first, width, reach)
        top += 1.2 * reach
    patches = clouds(rng, (height, width), 40)
    grain = cv2.GaussianBlur(white(rng, height, width), (0, 0), 0.7)
    return np.asarray(field + 2.0 * patches + 1.8 * unit(np.asarray(grain, np.float32)), dtype=np.float32)


def _pass(rng: np.random.Generator, skipped: float, height: int, width: int, reach: float) -> Field:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across = (y + np.float32(skipped)) / np.float32(0.6 * reach) - 1
    bow = np.sqrt(np.maximum(1 - (0.82 * across) ** 2, 0.02)) * np.float32(reach)
    feed = float(rng.uniform(8, 12))
    field = np.full((height, width), float(rng.normal(0, 2.5)), np.float32)
    for sign, strength in ((1.0, 7.5), (-1.0, 3.0)):
        turns = (x + np.float32(sign) * bow + np.float32(reach)) / np.float32(feed)
        marks = _tool_profile(rng, int(turns.max()) + 4, 0.7)
        field += np.float32(strength) * _along(marks, turns * 16)
    return field


def _tool_profile(rng: np.random.Generator, turns: int, evenness: float) -> Field:
    """Brightness over `turns` feeds at 16 samples each: a cusp a turn, none quite like the last; shape 1×16·turns."""
    phase = np.linspace(0, 1, 16, endpoint=False, dtype=np.float32)
    cusp = 1.4 * np.abs(np.sin(np.pi * phase)) - 0.9 + 0.5 * np.sin(2 * np.pi * phase)
    depth = 1 + (1 - evenness) * rng.standard_normal((turns, 1)).astype(np.float32)
    level = 0.6 * rng.standard_normal((turns, 1)).astype(np.float32)
    profile = (cusp[None, :] * depth + level).reshape(1, -1)
    return np.asarray(cv2.blur(profile, (7, 1)), dtype=np.float32)
