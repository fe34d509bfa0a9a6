"""Small labelled pictures that tests write in the layouts of published data sets."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from engine.domain.inspection import Mask

SIZE = (24, 32)


def write_picture(path: Path, seed: int, size: tuple[int, int] = SIZE) -> Path:
    """A grey picture of noise; the suffix says in which format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


def write_mask(path: Path, mask: Mask) -> Path:
    """A mask as a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, mask)[1].tobytes())
    return path


def box_mask(left: int, top: int, right: int, bottom: int, size: tuple[int, int] = SIZE) -> Mask:
    """255 inside the box, right and bottom excluded."""
    mask = np.zeros(size, np.uint8)
    mask[top:bottom, left:right] = 255
    return mask


def write_text(path: Path, text: str) -> Path:
    """A text file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def hollow(path: Path, size: int) -> Path:
    """A file of so many bytes that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path
