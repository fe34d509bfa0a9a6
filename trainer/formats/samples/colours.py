"""Masks whose colours are classes, as a list beside them says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from engine.images.pictures import read_picture

Colours = NDArray[np.int64]


def read_colours(path: Path) -> Colours:
    """H×W, each pixel as the number 0xRRGGBB. Raises PictureError; DatasetError for colours of 16 bits."""
    pixels = read_picture(path, mask=True)
    if pixels.dtype != np.uint8:
        raise DatasetError(f"The mask {path} has colours of 16 bits.", "Save it with 8 bits a channel.")
    deep = pixels.astype(np.int64)
    blue, green, red = (deep, deep, deep) if deep.ndim == 2 else np.moveaxis(deep, 2, 0)
    return (red << 16) | (green << 8) | blue


def areas_by_class(colours: Colours, names: Mapping[int, str], path: Path) -> dict[str, float]:
    """Pixels of each class that the mask shows. Raises DatasetError for a colour without a name."""
    values, counts = np.unique(colours, return_counts=True)
    found: dict[str, float] = {}
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        if value not in names:
            raise DatasetError(
                f"The mask {path} shows the colour #{value:06x} on {count} pixels, which has no name.",
                "Name it in the list of colours, or save the mask as PNG in its own colours.",
            )
        found[names[value]] = found.get(names[value], 0.0) + count
    return found


def set_where(colours: Colours, wanted: Collection[int]) -> Mask:
    """255 where the mask shows one of the colours, else 0."""
    return np.where(np.isin(colours, list(wanted)), np.uint8(255), np.uint8(0))
