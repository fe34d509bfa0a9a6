"""Arrays of pixels as Qt images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage


def premultiplied(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA → BGRA with the colours multiplied by alpha."""
    alpha = rgba[..., 3:].astype(np.uint16)
    made = np.empty_like(rgba)
    made[..., :3] = (rgba[..., 2::-1] * alpha + 127) // 255
    made[..., 3] = rgba[..., 3]
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A picture ready to be drawn at `where` (widget pixels); `memory` is what the image looks at."""

    image: QImage
    where: QRectF
    memory: NDArray[np.uint8]


def as_image(array: NDArray[np.uint8]) -> QImage:
    """H×W grey, H×W×3 BGR or H×W×4 premultiplied BGRA → QImage with its own memory."""
    return on_memory(np.ascontiguousarray(array)).copy()


def on_memory(array: NDArray[np.uint8]) -> QImage:
    """The same without a copy: the array (C-contiguous) must outlive the image."""
    formats = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_BGR888}
    channels = 1 if array.ndim == 2 else array.shape[2]
    kind = formats.get(channels, QImage.Format.Format_ARGB32_Premultiplied)
    return QImage(array.data, array.shape[1], array.shape[0], array.shape[1] * channels, kind)


def tinted(mask: Layer, colour: QColor) -> Layer:
    """A layer of a mask (0…255) in one colour: clear below the half, opaque from there."""
    table = np.zeros((256, 4), dtype=np.uint8)
    table[128:] = (colour.blue(), colour.green(), colour.red(), 255)
    memory = np.ascontiguousarray(table[mask.memory])
    return Layer(on_memory(memory), mask.where, memory)
