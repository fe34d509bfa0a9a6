"""The kinds of defect, each drawn from chance into a stamp with its true mask.

Relief (scratch, pit, crease) is shaded as a height field under the light of the picture: the brightness of a slope
changes by -∇h·l, h the height and l the direction of the light (Lambert's law for small slopes).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from engine.sources.demo.noise import Field, Picture, clouds, line
from engine.sources.demo.stamp import Stamp, light_at

KINDS: tuple[str, ...] = ("scratch", "pit", "inclusion", "oil_spot", "crease")
"""What the demo line makes and the shipped models are taught."""
UNTAUGHT: tuple[str, ...] = ("burnish",)
"""What it makes only when asked: something new on the line, to try correcting and teaching on."""
ALL_KINDS = KINDS + UNTAUGHT


def draw(kind: str, rng: np.random.Generator, grain: float) -> tuple[Stamp, float]:
    """One defect of the kind on metal whose grain lies at angle `grain`, and the angle to press it at (radians)."""
    makers: dict[str, Callable[[np.random.Generator, float], tuple[Stamp, float]]] = {
        "scratch": _scratch,
        "pit": _pit,
        "inclusion": _inclusion,
        "oil_spot": _oil_spot,
        "crease": _crease,
        "burnish": _burnish,
    }
    return makers[kind](rng, grain)


def _cover(where: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Picture:
    return np.where(where, np.uint8(255), np.uint8(0))


def _frame(height: int, width: int) -> tuple[Field, Field]:
    """y as a column and x as a row, zero in the middle, in pixels."""
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
    x = np.arange(width, dtype=np.float32)[None, :] - np.float32((width - 1) / 2)
    return y, x


def _strength(rng: np.random.Generator, least: float, most: float) -> float:
    """Log-uniform: subtle ones as often as plain ones."""
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _ends(rng: np.random.Generator, length: int) -> Field:
    """How deep a drawn-out mark is along its length, 0…1: fades in and out, lifts off here and there."""
    u = np.linspace(0, 1, length, dtype=np.float32)
    fade = np.minimum(1, np.minimum(u / rng.uniform(0.04, 0.35), (1 - u) / rng.uniform(0.04, 0.35)))
    depth = np.clip(0.8 + 0.3 * line(rng, length, max(20.0, length / 8)), 0.15, 1.2)
    return np.asarray(fade * depth, dtype=np.float32)


def _path(rng: np.random.Generator, length: int, bend: float, tremble: float) -> Field:
    """Where a mark's middle line runs: a shallow arc with a tremble, in pixels across, mean about 0."""
    u = np.linspace(-1, 1, length, dtype=np.float32)
    arc = bend * (u * u - 1 / 3) + 0.4 * bend * rng.uniform(-1, 1) * u**3
    return np.asarray(arc + tremble * line(rng, length, 60), dtype=np.float32)


def _scratch(rng: np.random.Generator, grain: float) -> tuple[Stamp, float]:
    """One to three grooves cut by the same edge: bright where the light meets the far wall, dark in its own shadow."""
    length = int(_strength(rng, 150, 640))
    across = rng.uniform(0.35, np.pi - 0.35) if rng.random() < 0.85 else rng.uniform(-0.12, 0.12)
    angle = grain + float(across)
    bend = float(rng.normal(0, 0.045)) * length
    path = _path(rng, length, bend, float(rng.uniform(0.2, 1.3)))
    height = int(2 * np.abs(path).max()) + 60
    y, _ = _frame(height, length)
    gain = np.zeros((height, length), np.float32)
    cover = np.zeros((height, length), bool)
    strength = _strength(rng, 0.29, 0.65)
    fresh = float(rng.choice((-1.0, 1.0, 1.0)))
    for nth in range(int(rng.choice((1, 1, 1, 2, 3)))):
        width = float(rng.uniform(1.1, 2.4)) * (1.0 if nth == 0 else 0.7)
        depth = _ends(rng, length)
        offset = y - path - np.float32(nth * rng.uniform(4, 11))
        gain += strength * (1.0 if nth == 0 else 0.6) * _groove(offset, width, depth, light_at(angle)[1], fresh)
        cover |= (np.abs(offset) < max(1.5, 1.7 * width)) & (depth > 0.12)
    return Stamp(gain, _cover(cover)), angle


def _groove(offset: Field, width: float, depth: Field, light: float, fresh: float) -> Field:
    scaled = offset / np.float32(width)
    bell = np.exp(-scaled * scaled)
    return np.asarray(depth * bell * (fresh - 1.1 * light * scaled), dtype=np.float32)


def _pit(rng: np.random.Generator, _grain: float) -> tuple[Stamp, float]:
    """A cluster of small craters: dark floor, bright crescent on the wall that faces the light."""
    count = int(rng.choice((1, 1, 2, 3, 4, 6, 8)))
    spread = 0.0 if count == 1 else float(rng.uniform(25, 85))
    half = int(spread * 1.6) + 45
    gain = np.zeros((2 * half, 2 * half), np.float32)
    cover = np.zeros_like(gain, dtype=bool)
    strength = _strength(rng, 0.28, 0.75)
    for nth in range(count):
        least = 8.0 if count == 1 else 4.5
        radius = _strength(rng, least, 15 if nth == 0 else 9)
        at = np.clip(rng.normal(0, spread * 0.6, 2), -spread * 1.6, spread * 1.6) + half
        top, left = round(at[0]) - 30, round(at[1]) - 30
        shade, inside = _crater(rng, radius, strength * float(rng.uniform(0.8, 1.15)))
        gain[top : top + 60, left : left + 60] += shade
        cover[top : top + 60, left : left + 60] |= inside
    return Stamp(np.maximum(gain, -0.85), _cover(cover)), 0.0


def _crater(
    rng: np.random.Generator, radius: float, strength: float
) -> tuple[Field, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    y, x = _frame(60, 60)
    stretch = float(rng.uniform(1.0, 1.7))
    turn = float(rng.uniform(0, np.pi))
    across = (x * np.cos(turn) + y * np.sin(turn)) / np.sqrt(stretch)
    along = (y * np.cos(turn) - x * np.sin(turn)) * np.sqrt(stretch)
    angle = np.arctan2(along, across)
    ragged = sum(rng.normal(0, 0.22 / n) * np.cos(n * angle + rng.uniform(0, 6.28)) for n in range(2, 8))
    reach = np.sqrt(across * across + along * along) / (radius * (1 + ragged))
    depth = 1 / (1 + reach**6)
    slope_y, slope_x = np.gradient(-depth * radius * 0.55)
    lx, ly = light_at(0.0)
    wall = -(slope_x * lx + slope_y * ly)
    floor = -depth * (0.75 + 0.2 * clouds(rng, (60, 60), 4))
    shade = cv2.GaussianBlur((strength * (floor + 1.25 * wall)).astype(np.float32), (0, 0), 0.8)
    return np.asarray(np.clip(shade, -0.85, 0.8), np.float32), np.asarray(reach < 1.12)


def _inclusion(rng: np.random.Generator, grain: float) -> tuple[Stamp, float]:
    """Foreign matter rolled out: ragged dark stringers along the grain, broken and fraying at their ends."""
    height, width = 150, 380
    y, x = _frame(height, width)
    shape = np.full((height, width), -4.0, np.float32)
    for nth in range(int(rng.choice((1, 1, 2, 3, 4)))):
        long = _strength(rng, 45, 165)
        thick = float(rng.uniform(5, 15)) * (1.0 if nth == 0 else 0.6)
        at_y = float(rng.uniform(-40, 40)) if nth else 0.0
        at_x = float(rng.uniform(-80, 80)) if nth else 0.0
        waver = line(rng, width, 50) * thick * 0.3
        single = 1 - np.abs((x - at_x) / long) ** 2.5 - ((y - at_y - waver) / thick) ** 2
        np.maximum(shape, single, out=shape)
    ragged = 0.45 * clouds(rng, (height, width), 5, 5) + 0.3 * clouds(rng, (height, width), 2.2, 6)
    body = cv2.GaussianBlur(np.clip((shape + ragged) * 1.6 + 0.2, 0, 1).astype(np.float32), (0, 0), 1.0)
    body *= np.clip((shape + 1.6) * 1.5, 0, 1)
    tone = 1 + 0.16 * clouds(rng, (height, width), 3, 8)
    gain = -_strength(rng, 0.17, 0.55) * body * tone
    return Stamp(np.asarray(gain, np.float32), _cover(body > 0.25)), grain + float(rng.normal(0, 0.03))


def _oil_spot(rng: np.random.Generator, _grain: float) -> tuple[Stamp, float]:
    """A film of oil: darker, its rim darker still, the metal's texture drowned, at times a soft shine and droplets."""
    radius = _strength(rng, 30, 105)
    half = int(radius * 1.9) + 12
    y, x = _frame(2 * half, 2 * half)
    stretch = float(rng.uniform(1.0, 1.5))
    reach = np.sqrt((x / stretch) ** 2 + (y * stretch) ** 2) / radius
    reach = reach + 0.13 * clouds(rng, (2 * half, 2 * half), radius * 0.7) + 0.02 * clouds(rng, (2 * half, 2 * half), 9)
    thrown = rng.uniform(0, 2 * np.pi)
    for _ in range(int(rng.choice((0, 0, 1, 2, 4)))):
        turn, far, drop = rng.normal(thrown, 0.5), rng.uniform(1.15, 1.7) * radius, rng.uniform(3, 9)
        near = np.hypot(x - far * np.cos(turn), y - far * np.sin(turn)) / np.float32(drop)
        reach = np.minimum(reach, 0.35 + 0.65 * near)
    soft = float(rng.uniform(0.03, 0.14))
    film = 1 / (1 + np.exp(np.clip((reach - 1) / soft, -30, 30)))
    rim = np.exp(-(((reach - 0.96) / (1.6 * soft)) ** 2))
    shine = np.exp(-(((x + 0.3 * radius) / (0.35 * radius)) ** 2 + ((y + 0.4 * radius) / (0.22 * radius)) ** 2))
    dark = _strength(rng, 0.12, 0.42)
    uneven = 1 + 0.14 * clouds(rng, (2 * half, 2 * half), radius * 0.5)
    gain = -dark * film * uneven - float(rng.uniform(0.1, 0.45)) * dark * rim
    gain += film * shine * float(rng.choice((0.0, 0.12, 0.3)))
    stamp = Stamp(np.asarray(gain, np.float32), _cover(film > 0.35), np.asarray(0.7 * film, np.float32))
    return stamp, float(rng.uniform(0, 2 * np.pi))


def _crease(rng: np.random.Generator, grain: float) -> tuple[Stamp, float]:
    """A fold pressed flat again: a long soft ridge, one flank bright and one dark, at times split in two."""
    length = int(_strength(rng, 220, 760))
    lean = rng.uniform(0.35, np.pi - 0.35)
    angle = grain + float(lean)
    path = _path(rng, length, float(rng.normal(0, 0.05)) * length, float(rng.uniform(1.0, 4.0)))
    height = int(2 * np.abs(path).max()) + 130
    y, _ = _frame(height, length)
    width = float(rng.uniform(5, 13)) * (1 + 0.25 * np.clip(line(rng, length, 90), -2, 2))
    depth = _ends(rng, length)
    light = light_at(angle)[1]
    # A fold along the light would vanish; a real one keeps some of its contrast from the lamp's width.
    light = float(np.copysign(max(abs(light), 0.45), light))
    strength = _strength(rng, 0.23, 0.55)
    scaled = (y - path) / width
    bell = np.exp(-scaled * scaled)
    gain = strength * depth * bell * (2.0 * light * scaled + 0.12)
    where = np.abs(scaled) < 1.6
    if rng.random() < 0.4:
        second = (y - path - 2.6 * width) / (0.7 * width)
        gain += 0.6 * strength * depth * np.exp(-second * second) * 2.0 * light * second
        where |= np.abs(second) < 1.6
    return Stamp(np.asarray(gain, np.float32), _cover(where & (depth > 0.12))), angle


def _burnish(rng: np.random.Generator, _grain: float) -> tuple[Stamp, float]:
    """A place rubbed shiny in handling: a soft bright spot with no edge, easily taken for the lamp's reflection."""
    radius = _strength(rng, 50, 95)
    half = int(radius * 1.9)
    y, x = _frame(2 * half, 2 * half)
    stretch = float(rng.uniform(1.0, 1.6))
    reach = np.sqrt((x / stretch) ** 2 + (y * stretch) ** 2) / np.float32(radius)
    reach = np.maximum(reach + 0.08 * clouds(rng, (2 * half, 2 * half), radius * 0.6), 0)
    shine = np.exp(-((reach / 0.85) ** 2))
    gain = _strength(rng, 0.35, 0.55) * shine
    return Stamp(np.asarray(gain, np.float32), _cover(shine > 0.06)), float(rng.uniform(0, 2 * np.pi))
