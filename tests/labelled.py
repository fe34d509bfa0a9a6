"""Small labelled pictures that tests write in the layouts of published data sets."""

from __future__ import annotations

import json
import struct
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


def turn(path: Path, held: int) -> Path:
    """Say in a JPEG's EXIF data how it is to be held, 1 to 8; its pixels stay."""
    data = path.read_bytes()
    entry = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, held, 0, 0)
    exif = b"Exif\x00\x00" + struct.pack("<2sHI", b"II", 42, 8) + entry
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
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


def write_doubtful(folder: Path, size: tuple[int, int] = SIZE) -> Path:
    """labelme: two pits, one picture whose only shape encloses nothing, and two pictures without a label."""
    square = [[4, 4], [10, 4], [10, 9], [4, 9]]
    for number, (name, points) in enumerate({"p0": square, "p1": square, "p2": square[:2], "s0": [], "s1": []}.items()):
        write_picture(folder / f"{name}.png", number, size)
        if points:
            shapes = [{"label": "pit", "points": points}]
            write_text(folder / f"{name}.json", json.dumps({"imagePath": f"{name}.png", "shapes": shapes}))
    return folder


def hollow(path: Path, size: int) -> Path:
    """A file of so many bytes that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path
