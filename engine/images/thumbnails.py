"""A frame made small for the film strip."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Pixels
from engine.images.depth import develop

THUMBNAIL_WIDTH = 160


def thumbnail(pixels: Pixels, bits: int = 0, bayer: str = "") -> NDArray[np.uint8]:
    """The picture at 160 pixels' width: H×W grey or H×W×3 BGR, uint8; developed by the frame's depth and mosaic."""
    height, width = pixels.shape[:2]
    size = (THUMBNAIL_WIDTH, max(1, round(height * THUMBNAIL_WIDTH / width)))
    return np.asarray(cv2.resize(develop(pixels, bits, bayer), size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
