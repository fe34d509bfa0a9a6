"""Arrays of pixels as Qt images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage


def premultiplied(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA → BGRA with the colours multiplied by alpha."""
    alpha = rgba[..., 3:].astype(np.uint16)
    made = np.empty_like(rgba)
    made[..., :3] = (rgba[..., 2::-1] * alpha + 127) // 255
    made[..., 3] = rgba[..., 3]
    return made


def tinted(mask: NDArray[np.uint8], colour: QColor) -> NDArray[np.uint8]:
    """A mask → premultiplied BGRA of one colour."""
    table = np.zeros((256, 4), dtype=np.uint8)
    table[1:] = (colour.blue(), colour.green(), colour.red(), 255)
    return np.asarray(table[mask], dtype=np.uint8)


def as_image(array: NDArray[np.uint8]) -> QImage:
    """H×W grey, H×W×3 BGR or H×W×4 premultiplied BGRA → QImage with its own memory."""
    formats = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_BGR888}
    channels = 1 if array.ndim == 2 else array.shape[2]
    kind = formats.get(channels, QImage.Format.Format_ARGB32_Premultiplied)
    return QImage(array.tobytes(), array.shape[1], array.shape[0], array.shape[1] * channels, kind)
