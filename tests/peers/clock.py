"""A picture that shows, readable after any lossy coding, when it was made: this machine's monotonic clock."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 32
CELL = 16
HEIGHT, WIDTH = 360, 640


def picture(count: int) -> NDArray[np.uint8]:
    """360×640×3 BGR: the clock in milliseconds as black and white cells along the top, a bar that moves below."""
    pixels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    now = int(time.monotonic() * 1000) % 2**BITS
    for bit in range(BITS):
        pixels[:CELL, bit * CELL : (bit + 1) * CELL] = 255 * (now >> bit & 1)
    x = count * 7 % (WIDTH - 40)
    pixels[100:200, x : x + 40] = (40, 180, 230)
    return pixels


def age_s(pixels: NDArray[Any]) -> float:
    """Seconds since such a picture was made."""
    grey = pixels if pixels.ndim == 2 else pixels[..., 1]
    cells = grey[CELL // 2, CELL // 2 : BITS * CELL : CELL] > 127
    made = sum(int(white) << bit for bit, white in enumerate(cells))
    return ((int(time.monotonic() * 1000) - made) % 2**BITS) / 1000
