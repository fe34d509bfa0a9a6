"""Pictures for the backbone: drawn ones, and cut-outs of photographs that the demo line makes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.sources.demo import PartMaker


def drawn(count: int, height: int = 224, width: int = 224, channels: int = 3) -> list[NDArray[np.uint8]]:
    """Shapes on coloured grain, BGR or grey, always the same."""
    made = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        picture = random.integers(0, 256, (height, width, channels), np.uint8) // np.uint8(1 + seed % 4)
        for _ in range(seed % 5):
            x, y, radius = (int(v) for v in random.integers(0, min(height, width) // 2, 3))
            cv2.circle(picture, (x, y), radius, random.integers(0, 256, channels).tolist(), -1)
        made.append(np.ascontiguousarray(picture))
    return made


def photographed(count: int, height: int = 224, width: int = 224) -> list[NDArray[np.uint8]]:
    """Parts of the demo line in slightly coloured light, BGR."""
    maker, tint = PartMaker(3), np.array([0.9, 1.0, 0.8])
    parts = (
        cv2.resize(maker.part(index).pixels, (width, height), interpolation=cv2.INTER_AREA) for index in range(count)
    )
    return [np.asarray(part[..., None] * tint, np.uint8) for part in parts]
