"""Masks that are pictures of their own: sound where they are dark."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.domain.inspection import Mask
from engine.images.depth import to_channels, to_uint8
from engine.images.pictures import read_picture

KINDS = ("ok", "defect")


def read_mask(path: Path) -> Mask:
    """A mask file as H×W, 0 or 255. Raises PictureError."""
    grey = to_channels(to_uint8(read_picture(path, mask=True)), 1)
    return np.where(grey > 127, np.uint8(255), np.uint8(0))
