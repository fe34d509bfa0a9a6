"""Masks that are pictures of their own: where a pixel is set, the part is defective.

Tools write a set pixel as 255, as 1, as a class's number or as its colour: what a file means, its own values tell.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError
from engine.images.decoding.headers import PNG_START
from engine.images.pictures import read_picture
from trainer.formats.samples.pictures import JPEG_SUFFIXES

KINDS = ("ok", "defect")
MASK_WORDS = ("_mask", "_label", "_gt", "_groundtruth", "_ground_truth", "_segmentation", "_seg", "-mask", ".mask")
"""What tools put behind a picture's name for its mask, in small letters."""
MASK_FOLDERS = frozenset(
    (
        *("mask", "masks", "ground_truth", "groundtruth", "gt", "label", "labels"),
        *("segmentation", "segmentations", "segmentationclass", "segmentationobject"),
    )
)
"""What tools call a folder of masks, in small letters."""
MAX_KINDS = 64
"""A mask of more different values than this is a soft or packed one of 0 and 255, not one of class numbers."""
_PACKED = JPEG_SUFFIXES | {".webp"}
"""Their values are not those that were saved."""
_COLOUR_TYPE, _PALETTE = 25, 3
"""Where a PNG says how its colours are stored, and that they are numbers of a palette."""
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
    if not values.all() and _hides(path):
        raise DatasetError(
            f"The mask {path} has a palette that shows several values as black, so what is sound in it cannot be told.",
            "Save it as grey PNG with 0 where the part is sound.",
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


def _hides(path: Path) -> bool:
    """Whether a PNG with a palette has pixels that are black, and of another value than the first black one."""
    data = path.read_bytes()
    if not data.startswith(PNG_START) or data[_COLOUR_TYPE] != _PALETTE:
        return False
    chunks = list(_chunks(data))
    colours = next((body for name, body in chunks if name == b"PLTE"), b"")
    black = [number for number in range(len(colours) // 3) if not any(colours[3 * number : 3 * number + 3])]
    if len(black) < 2:
        return False
    # With a palette that tells each value apart, the same pixels show which of them are there.
    shown = cv2.imdecode(np.frombuffer(_with_palette(chunks), np.uint8), cv2.IMREAD_COLOR)
    return shown is None or bool(np.isin(shown[:, :, 2], black[1:]).any())


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each."""
    at = len(PNG_START)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + 8 + length]
        at += length + 12


def _with_palette(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The PNG in which value n has the colour (n, n, n), without transparency."""
    grey = bytes(value for number in range(256) for value in (number,) * 3)
    parts = [PNG_START]
    for name, body in chunks:
        if name != b"tRNS":
            content = grey[: len(body)] if name == b"PLTE" else body
            parts += [struct.pack(">I", len(content)), name, content, struct.pack(">I", zlib.crc32(name + content))]
    return b"".join(parts)


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
