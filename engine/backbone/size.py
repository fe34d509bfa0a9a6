"""The input size of a product's model, chosen once from its pictures; a package keeps it, as every description does.

The network was taught with 224×224, and finds the same things at about the scale it learnt them in. So the shorter side
is 224. Where places are taught, small things count: half the pictures' own size, where that is more. Either way the
sides keep their ratio as far as multiples of 32 allow, and the picture stays within AREA, which is 3.6 times the work
of 224×224.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.backbone.network import MULTIPLE
from engine.errors import InputError

SHORT = 224
AREA = 704 * 256
FINE = 0.5
LEAST = 64
MOST = AREA // LEAST


def input_size(pictures: Iterable[tuple[int, int]], *, places: bool = False) -> tuple[int, int]:
    """Height and width for pictures of these heights and widths (usual ones count). Raises InputError for none."""
    shapes = np.array(list(pictures), np.float64).reshape(-1, 2)
    if not len(shapes) or shapes.min() < 1:
        raise InputError("There is no picture to choose the input size from.", "Add pictures of the product.")
    height, width = np.median(shapes, axis=0)
    factor = SHORT / min(height, width)
    if places:
        factor = max(factor, FINE)
    factor = min(factor, float(np.sqrt(AREA / (height * width))))
    return _fitted(height * factor, width * factor)


def _fitted(height: float, width: float) -> tuple[int, int]:
    """Multiples of 32 nearest to both sides, the longer one shortened where they would reach past AREA."""
    low, high = sorted(min(max(LEAST, MULTIPLE * round(side / MULTIPLE)), MOST) for side in (height, width))
    while low * high > AREA:
        high -= MULTIPLE
    return (low, high) if height < width else (high, low)
