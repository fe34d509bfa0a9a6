"""What may be on a sound part: dried water, dust, a serial number. It looks like something and means nothing."""

from __future__ import annotations

import cv2
import numpy as np

from engine.sources.demo.noise import Picture, clouds
from engine.sources.demo.stamp import Stamp


def water_mark(rng: np.random.Generator) -> Stamp:
    """A dried drop: a faint thin edge, next to nothing inside."""
    radius = float(rng.uniform(25, 110))
    half = int(radius * 1.6) + 8
    y, x = np.mgrid[-half:half, -half:half].astype(np.float32)
    stretch = float(rng.uniform(0.8, 1.25))
    reach = np.hypot(x * stretch, y / stretch) / np.float32(radius) + 0.12 * clouds(rng, x.shape, radius * 0.8)
    strength = float(rng.uniform(0.03, 0.12)) * float(rng.choice((-1.0, 1.0)))
    edge = np.exp(-(((reach - 1) / np.float32(rng.uniform(0.02, 0.06))) ** 2))
    inside = 0.3 / (1 + np.exp(np.clip((reach - 1) / 0.04, -30, 30)))
    patchy = np.clip(0.7 + 0.4 * clouds(rng, x.shape, radius * 0.5), 0, 1.4)
    gain = strength * (edge + inside) * patchy
    return Stamp(np.asarray(gain, np.float32), np.zeros_like(x, dtype=np.uint8))


def serial_number(rng: np.random.Generator) -> Stamp:
    """Six figures written by a laser, a shade darker or brighter than the metal."""
    text = f"{rng.choice(('LS', 'KV', 'M7'))}{int(rng.integers(0, 10_000)):04d}"
    canvas: Picture = np.zeros((56, 190), np.uint8)
    cv2.putText(canvas, text, (8, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.15, 255, 3, cv2.LINE_AA)
    ink = cv2.GaussianBlur(canvas.astype(np.float32), (0, 0), 0.9) / 255
    gain = float(rng.choice((-0.34, -0.26, 0.2))) * ink * (1 + 0.12 * clouds(rng, (56, 190), 3))
    return Stamp(np.asarray(gain, np.float32), np.zeros_like(canvas))


def dust(rng: np.random.Generator, picture: Picture) -> None:
    """A few specks of a pixel or two anywhere in the picture, in place."""
    height, width = picture.shape
    for _ in range(int(rng.integers(0, 14))):
        at = (int(rng.integers(0, width * 8)), int(rng.integers(0, height * 8)))
        here = int(picture[at[1] // 8, at[0] // 8])
        tone = int(np.clip(here + rng.choice((-1, 1)) * rng.integers(12, 40), 0, 255))
        cv2.circle(picture, at, int(rng.integers(5, 14)), tone, -1, cv2.LINE_AA, 3)
