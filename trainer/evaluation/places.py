"""How well a map lies on the drawn masks: was the defect found where it is, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.domain.inspection import HeatMap, Mask

NEAR = 0.02
"""A peak this share of the picture's longer side beside the mask still points at it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of one defective picture: the map's peak lies on the mask; overlap over union at the map's threshold, 0…1."""

    pointed: bool
    iou: float


def placed(heat: HeatMap, mask: Mask, threshold: float) -> Place:
    """Compare a map (h×w in 0…1, covering the picture) with the picture's mask (H×W, 255 = defect, not empty)."""
    height, width = mask.shape
    grown = np.asarray(cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR))
    true, found = mask > 0, grown >= threshold
    union = int((true | found).sum())
    reach = 2 * max(1, round(NEAR * max(height, width))) + 1
    near = cv2.dilate(mask, np.ones((reach, reach), np.uint8)) > 0
    row, column = np.unravel_index(int(grown.argmax()), grown.shape)
    return Place(bool(near[row, column]), float((true & found).sum()) / union if union else 0.0)
