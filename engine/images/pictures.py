"""Picture files: which ones a folder holds, and their pixels exactly as stored."""

from __future__ import annotations

import os
import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Pixels
from engine.errors import InputError, PictureError
from engine.images.headers import header_size, is_truncated

PICTURE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"))
MAX_BYTES = 512 * 1024 * 1024
MAX_PIXELS = 400_000_000

_DIGITS = re.compile(r"(\d+)")
_REPLACE = "Replace it with a complete copy, or take it out of the folder."
_AS_STORED = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION


def natural_key(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Sorts `part2` before `part10`: folder by folder, digits as numbers, letters regardless of case."""
    return tuple(_part_key(part) for part in path.parts)


def _part_key(part: str) -> tuple[tuple[int, int, str], ...]:
    pieces = (piece for piece in _DIGITS.split(part) if piece)
    return tuple((0, int(p), p) if p.isdecimal() else (1, 0, p.casefold()) for p in pieces)


def list_pictures(folder: Path) -> list[Path]:
    """Every picture under `folder` in natural order, as `folder / relative`; hidden files and masks left out.

    A mask is `*_label.png` or `*_label.bmp`, or a PNG beside a JPEG of the same stem. The list may be empty.
    Raises InputError when the folder, or one below it, is missing or cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", "Check the path, and that its drive is connected.")
    found: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        jpegs = {Path(name).stem for name in names if Path(name).suffix.lower() in (".jpg", ".jpeg")}
        found += [Path(root, name) for name in names if _is_picture(name) and not _is_mask(name, jpegs)]
    return sorted(found, key=lambda path: natural_key(path.relative_to(folder)))


def _refuse(error: OSError) -> None:
    raise InputError(
        f"The folder {error.filename} cannot be read ({error.strerror}).", "Check its access rights."
    ) from error


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES


def _is_mask(name: str, jpegs: set[str]) -> bool:
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    labelled = stem.lower().endswith("_label") and suffix in (".png", ".bmp")
    return labelled or (suffix == ".png" and stem in jpegs)


def read_picture(path: Path) -> Pixels:
    """The pixels as stored: H×W grey or H×W×3 BGR, uint8 or uint16; alpha dropped, EXIF orientation ignored.

    A 16-bit file does not say how many bits its camera used: the recipe's `bits` does (engine.preprocessing.look).
    Raises PictureError, naming the file, when it is missing, truncated, damaged, of another kind of number, larger
    than 512 MB, or larger than 400 megapixels.
    """
    try:
        return _read(path)
    except PictureError as error:
        error.name = str(path)
        raise


def _read(path: Path) -> Pixels:
    raw = _read_bytes(path)
    data = raw.tobytes()
    size = header_size(data)
    if size is not None and size[0] * size[1] > MAX_PIXELS:
        raise PictureError(
            f"The picture {path} has {size[1]}×{size[0]} pixels, more than 400 megapixels.", "Cut it into tiles."
        )
    if is_truncated(data):
        raise PictureError(f"The picture {path} is truncated or damaged.", _REPLACE)
    return _as_pixels(path, _decode(path, raw))


def _read_bytes(path: Path) -> NDArray[np.uint8]:
    """The file's bytes. NumPy opens it, not OpenCV, which cannot open every non-ASCII path on Windows."""
    try:
        length = path.stat().st_size
        if length > MAX_BYTES:
            raise PictureError(f"The picture {path} is larger than 512 MB.", "Save it compressed, or cut into tiles.")
        raw = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(f"The picture {path} cannot be read ({reason}).", "Check that it is still there.") from error
    if raw.size == 0:
        raise PictureError(f"The picture {path} is empty.", _REPLACE)
    return raw


def _decode(path: Path, raw: NDArray[np.uint8]) -> NDArray[np.generic]:
    try:
        pixels = cv2.imdecode(raw, _AS_STORED)
    except (cv2.error, MemoryError) as error:
        raise PictureError(f"The picture {path} cannot be decoded.", _REPLACE) from error
    if pixels is None:
        raise PictureError(f"The picture {path} cannot be decoded.", _REPLACE)
    return pixels


def _as_pixels(path: Path, pixels: NDArray[np.generic]) -> Pixels:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels not in (1, 3, 4):
        raise PictureError(f"The picture {path} has {channels} channels.", "Save it as grey or colour.")
    plain = pixels.reshape(pixels.shape[:2]) if channels == 1 else pixels[:, :, :3]
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(plain, dtype=np.uint8)
    if pixels.dtype == np.uint16:
        return np.ascontiguousarray(plain, dtype=np.uint16)
    raise PictureError(f"The picture {path} holds {pixels.dtype} values.", "Save it with 8 or 16 bits a channel.")
