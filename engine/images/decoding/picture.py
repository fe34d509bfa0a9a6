"""Picture data of any format that is read, to pixels: whole or not at all."""

from __future__ import annotations

import math
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Pixels
from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.headers import (
    JPEG_START,
    MAX_PIXELS,
    PNG_START,
    PNM_STARTS,
    SHORT_BMP,
    header_size,
    png_complete,
)
from engine.images.decoding.jpeg import decode_jpeg
from engine.images.decoding.several import count_pictures, mpo_places
from engine.images.decoding.tiff import Page, decode_tiff, tiff_pages
from engine.images.decoding.unwritten import is_raw, nothing_of, unwritten_rows

_STARTS = (PNG_START, b"BM", b"RIFF", b"GIF8", *PNM_STARTS)
TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_AS_STORED = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
_DEFLATED = 1032
"""Deflate makes no more than so many bytes of one (zlib's technical details)."""
_RUN = 128
"""A BMP's run of 255 pixels takes two bytes."""
_GIF_CODE = 4096
"""No code of a GIF stands for more pixels, and each takes some bits."""


def count(data: bytes) -> int:
    """How many pictures the data holds, previews and masks not counted. Raises Undecodable."""
    return len(tiff_pages(data)) if data[:4] in TIFF_STARTS else count_pictures(data)


def decode(data: bytes, page: int = 0, *, black_may_be_empty: bool = False) -> Pixels:
    """Picture number `page` as stored: H×W grey or H×W×3 BGR, uint8 or uint16; alpha dropped, orientation ignored.

    Raises Undecodable. `black_may_be_empty`: rows of zeros at a raw file's end are a picture, as they are in a mask.
    """
    _check_size(header_size(data), data)
    compression, zero = 0, nothing_of(data)
    if data.startswith(JPEG_START):
        pixels: NDArray[np.generic] = decode_jpeg(_jpeg_page(data, page))
    elif data[:4] in TIFF_STARTS:
        described = _tiff_page(data, page)
        compression, zero, pixels = described.compression, described.zero_is, decode_tiff(data, described)
    else:
        pixels = _decode_by_opencv(data, page)
    whole = _as_pixels(pixels)
    if is_raw(data, compression) and not black_may_be_empty:
        empty = unwritten_rows(data, whole, zero)
        if empty:
            raise Undecodable(Fault.UNWRITTEN, f"{empty} of {len(whole)}")
    return whole


def _check_size(size: tuple[int, int] | None, data: bytes) -> None:
    if size is None:
        return
    pixels = size[0] * size[1]
    if pixels > MAX_PIXELS:
        raise Undecodable(Fault.LARGE, f"{size[1]}×{size[0]}")
    # Before room is made for it: a file of a kilobyte must not cost a gigabyte.
    if pixels > _most_pixels(data) * len(data):
        raise Undecodable(Fault.DAMAGED, "fewer bytes than rows")


def _most_pixels(data: bytes) -> float:
    """Of a byte, where the format has a bound."""
    if data.startswith(PNG_START):
        return 8 * _DEFLATED / max(1, _png_bits(data))
    if data.startswith(b"BM") and int.from_bytes(data[30:34], "little") in (1, 2):
        return _RUN
    return _GIF_CODE if data.startswith(b"GIF8") else math.inf


def _png_bits(data: bytes) -> int:
    """Bits a pixel."""
    return data[24] * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(data[25], 1) if len(data) > 25 else 1


def _jpeg_page(data: bytes, page: int) -> bytes:
    if page == 0:
        return data
    start, length = next(islice(mpo_places(data), page, None), (len(data), 0))
    return data[start : start + length]


def _tiff_page(data: bytes, page: int) -> Page:
    pages = tiff_pages(data)
    if page >= len(pages):
        raise Undecodable(Fault.DAMAGED, "it has no such page")
    described = pages[page]
    if not described.height * described.width:
        raise Undecodable(Fault.DAMAGED, "its directory tells no size")
    _check_size((described.height, described.width), b"")
    return described


def _decode_by_opencv(data: bytes, page: int) -> NDArray[np.generic]:
    if data.startswith(PNG_START) and not png_complete(data):
        raise Undecodable(Fault.DAMAGED, "a check sum fails")
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") < SHORT_BMP:
        # OpenCV drops their colours.
        raise Undecodable(Fault.KIND, "BMP of OS/2")
    coded = np.frombuffer(data, np.uint8)
    try:
        if page == 0:
            pixels = cv2.imdecode(coded, _AS_STORED)
        else:
            _found, animation = cv2.imdecodeanimation(coded, page, 1)
            pixels = animation.frames[0] if animation.frames else None
    except (cv2.error, MemoryError) as error:
        raise Undecodable(_fault_of(data), str(error)) from error
    if pixels is None:
        raise Undecodable(_fault_of(data))
    return pixels


def _fault_of(data: bytes) -> Fault:
    """Of data that no decoder takes."""
    return Fault.DAMAGED if data.startswith(_STARTS) else Fault.FOREIGN


def _as_pixels(pixels: NDArray[np.generic]) -> Pixels:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels not in (1, 3, 4):
        raise Undecodable(Fault.CHANNELS, str(channels))
    plain = pixels.reshape(pixels.shape[:2]) if channels == 1 else pixels[:, :, :3]
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(plain, dtype=np.uint8)
    if pixels.dtype == np.uint16:
        return np.ascontiguousarray(plain, dtype=np.uint16)
    raise Undecodable(Fault.VALUES, str(pixels.dtype))
