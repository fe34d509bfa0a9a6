"""Masks that are pictures of their own: where a pixel is set, the part is defective.

Tools write a set pixel as 255, as 1, as a class's number or as its colour: what a file means, its own values tell.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError
from engine.images.pictures import read_picture
from trainer.formats.samples.pictures import JPEG_SUFFIXES

KINDS = ("ok", "defect")
MASK_WORDS = ("_mask", "_label", "_gt", "_groundtruth", "_ground_truth", "_segmentation", "_seg", "-mask", ".mask")
"""What tools put behind a picture's name for its mask, in small letters."""
MAX_KINDS = 64
"""A mask of more different values than this is a soft or packed one of 0 and 255, not one of class numbers."""
_PACKED = JPEG_SUFFIXES | {".webp"}
"""Their values are not those that were saved."""
_NOISE = 8
"""Around 0, what JPEG leaves of a picture that is black all over."""


def without_word(stem: str) -> str:
    """A mask's name without the word that tools put behind the picture's."""
    return next((stem[: -len(word)] for word in MASK_WORDS if stem.lower().endswith(word)), stem)


def read_mask(path: Path) -> Mask:
    """A mask file as H×W, 0 or 255. Raises PictureError; DatasetError for one whose values can mean anything."""
    pixels = read_picture(path, mask=True)
    values = pixels.max(axis=2) if pixels.ndim == 3 else pixels
    if not values.any() and _cut_out(path):
        raise DatasetError(
            f"The mask {path} is black all over and drawn in its transparency, which is not read.",
            "Save it without transparency, with white where the part is defective.",
        )
    if pixels.ndim == 3 and values.all() and (pixels.min(axis=2) < values).any():
        raise DatasetError(
            f"The mask {path} is in colour and black nowhere, so what is sound in it cannot be told.",
            "Save it with black where the part is sound.",
        )
    return np.where(_set(values, path), np.uint8(255), np.uint8(0))


def _cut_out(path: Path) -> bool:
    """Whether a PNG that is black all over is transparent in some places and not in others."""
    if path.suffix.lower() != ".png":
        return False
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels is not None and pixels.ndim == 3 and pixels.shape[2] == 4 and len(np.unique(pixels[:, :, 3])) > 1


def _set(values: Pixels, path: Path) -> NDArray[np.bool_]:
    """Which pixels are set. A whole mask of one value other than 0 and the highest has no ground to stand out from."""
    if not values.any():
        return np.zeros(values.shape, np.bool_)
    highest = int(np.iinfo(values.dtype).max)
    packed = path.suffix.lower() in _PACKED or len(np.unique(values)) > MAX_KINDS
    least, top = int(values.min()), int(values.max())
    if packed and top > highest // 2:
        return np.asarray(values > highest // 2, np.bool_)
    if packed and least == top <= _NOISE:
        return np.zeros(values.shape, np.bool_)
    if packed or (least and top not in (1, highest)):
        raise DatasetError(
            f"The mask {path} is neither one of 0 and {highest} nor one of class numbers: its values are {least} to "
            f"{top}.",
            "Save it as PNG with 0 where the part is sound.",
        )
    return np.asarray(values != 0, np.bool_)
