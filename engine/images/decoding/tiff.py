"""TIFF data to pixels by libtiff, which refuses a strip it cannot read; OpenCV reads on behind it.

Two ways through libtiff are not so strict: what it draws as colours (palettes, few bits) it draws to the end, and of a
JPEG it drops the decoder's warnings. Both are looked at here before they are believed.

Sources: TIFF 6.0, BigTIFF's wider directory, and Technical Note 2 for JPEG.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from imagecodecs import tiff_decode
from numpy.typing import NDArray

from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.tiff_pieces import DEFLATE, JPEG, MOST, check_claim, check_jpegs, check_sums

MAX_PAGES = 10_000
_Tags = dict[int, tuple[int, ...]]
_MOST_VALUES = 16
_STARTS = {b"II*\x00": ("<", False), b"MM\x00*": (">", False), b"II+\x00": ("<", True), b"MM\x00+": (">", True)}
_SIZES = {1: ("B", 1), 3: ("H", 2), 4: ("I", 4), 16: ("Q", 8)}
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR, _EXTRA = (
    254, 256, 257, 258, 259, 262, 277, 284, 338,
)  # fmt: skip
_STRIPS, _LENGTHS, _TILES, _TILE_LENGTHS = 273, 279, 324, 325
_ROWS, _TILE_WIDTH, _TILE_HEIGHT, _JPEG_TABLES = 278, 322, 323, 347
_LISTS = frozenset((_STRIPS, _LENGTHS, _TILES, _TILE_LENGTHS, _JPEG_TABLES))
_SAYS_WHAT_PIXELS_ARE = frozenset((
    _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR, _ROWS, 317, _TILE_WIDTH, _TILE_HEIGHT, 339,
    *_LISTS,
))  # fmt: skip
_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_NOT_READ = ("not configured", "not supported", "not implemented", "can not handle", "missing an image filename")


@dataclass(frozen=True, slots=True)
class Page:
    """One picture of a TIFF, as its directory describes it. Sizes in pixels."""

    directory: int
    """Its number among all directories, previews and masks too."""
    height: int
    width: int
    bits: int
    compression: int
    photometric: int
    samples: int
    planar: bool
    extra: int
    """How many of the samples are no colour."""
    pieces: tuple[tuple[int, int], ...]
    """Start and length in bytes of each strip or tile."""
    piece_bytes: int
    """What each of them unpacks to."""
    page_bytes: int
    """What all of them unpack to."""
    tables: bytes
    """What the pieces have in common, where they are JPEG."""

    @property
    def zero_is(self) -> int:
        """What a zero in the file is among the pixels that are read."""
        return 0 if self.photometric != _MIN_IS_WHITE else 2 ** max(8, self.bits) - 1


def tiff_pages(data: bytes) -> list[Page]:
    """Every picture in the file in order; previews and masks of others are none. Raises Undecodable."""
    try:
        return list(_pages(data))
    except (struct.error, IndexError) as error:
        raise Undecodable(Fault.DAMAGED, "its directory lies outside of the file") from error


def decode_tiff(data: bytes, page: Page) -> NDArray[np.generic]:
    """H×W or H×W×C with colours in BGR, as stored; white is high, whichever way the file counts. Raises Undecodable."""
    _check(data, page)
    drawn = page.photometric in (_PALETTE, _YCBCR) or page.bits < 8
    if drawn and page.compression != JPEG:
        # libtiff draws on behind what it cannot read; asked for the plain values it stops there.
        _unpacked(data, page, drawn=False)
    pixels = _unpacked(data, page, drawn=drawn)
    if drawn:
        return _of_drawn(pixels, page)
    if page.planar and page.samples > 1 and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == 3:
        colours = pixels.shape[2] - page.extra
        pixels = pixels[:, :, 2::-1] if colours == 3 else pixels[:, :, 0] if colours == 1 else pixels
    # A JPEG's pixels come drawn, white as white, whatever is asked for.
    turned = page.photometric == _MIN_IS_WHITE and page.compression != JPEG
    if turned and np.issubdtype(pixels.dtype, np.unsignedinteger):
        pixels = (1 << page.bits) - 1 - pixels
    return pixels


def _check(data: bytes, page: Page) -> None:
    """What libtiff would pass by in silence, or take for another picture."""
    if page.photometric == _CMYK:
        raise Undecodable(Fault.KIND, "TIFF in CMYK")
    if any(start + length > len(data) for start, length in page.pieces):
        raise Undecodable(Fault.DAMAGED, "a piece of it lies outside of the file")
    if page.compression == JPEG:
        if page.extra:
            raise Undecodable(Fault.KIND, "TIFF of JPEG with transparency")
        check_jpegs(data, page.pieces, page.tables, page.height * page.width)
        return
    if page.compression not in MOST:
        raise Undecodable(Fault.KIND, f"TIFF with compression {page.compression}")
    check_claim(data, page.pieces, page.compression, page.page_bytes, page.piece_bytes)
    if page.compression in DEFLATE:
        check_sums(data, page.pieces, page.piece_bytes)


def _unpacked(data: bytes, page: Page, *, drawn: bool) -> NDArray[np.generic]:
    try:
        return np.asarray(tiff_decode(data, index=page.directory, asrgb=drawn))
    except (RuntimeError, ValueError, IndexError, MemoryError) as error:
        said = str(error)
        kind = any(words in said.lower() for words in _NOT_READ)
        raise Undecodable(Fault.KIND if kind else Fault.DAMAGED, said) from error


def _of_drawn(pixels: NDArray[np.generic], page: Page) -> NDArray[np.generic]:
    """libtiff's own drawing, H×W×4 RGBA, as grey where the file holds grey."""
    return pixels[:, :, 0] if page.samples == 1 and page.photometric != _PALETTE else pixels[:, :, 2::-1]


def _pages(data: bytes) -> list[Page]:
    order, big = _STARTS[data[:4]]
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    found: list[Page] = []
    seen: set[int] = set()
    held = 0
    while at and at not in seen and len(seen) < MAX_PAGES:
        tags, following = _directory(data, at, order, big)
        # Each strip's place takes two bytes at least; a file of directories that share theirs would fill the memory.
        held += 2 * len(tags.get(_STRIPS, tags.get(_TILES, ())))
        if held > len(data):
            raise Undecodable(Fault.DAMAGED, "its directories share their strips")
        # A reduced copy (bit 0) and a transparency mask (bit 2) belong to another picture.
        if not tags.get(_SUBFILE, (0,))[0] & 0b101:
            found.append(_page(tags, len(seen)))
        seen.add(at)
        at = following
    return found


def _directory(data: bytes, at: int, order: str, big: bool) -> tuple[_Tags, int]:
    """The values of every tag of whole numbers, and where the next directory lies (0 = nowhere)."""
    count_as, entry, head = ("Q", 20, 12) if big else ("H", 12, 8)
    (entries,) = struct.unpack_from(order + count_as, data, at)
    at += 8 if big else 2
    if at + entries * entry > len(data):
        raise IndexError
    tags: _Tags = {}
    for number in range(entries):
        place = at + number * entry
        tag, kind = struct.unpack_from(order + "HH", data, place)
        (count,) = struct.unpack_from(order + ("Q" if big else "I"), data, place + 4)
        # Tables of a JPEG are bytes of no kind.
        kind = 1 if tag == _JPEG_TABLES and kind == 7 else kind
        if kind not in _SIZES or not count:
            if tag in _SAYS_WHAT_PIXELS_ARE or not tag:
                raise IndexError
            continue
        if tag in tags:
            # Two answers to one question: decoders take the first or the last.
            raise IndexError
        letter, size = _SIZES[kind]
        value = place + head
        if size * count > (8 if big else 4):
            (value,) = struct.unpack_from(order + ("Q" if big else "I"), data, value)
        if tag not in _LISTS:
            count = min(count, _MOST_VALUES)
        tags[tag] = struct.unpack_from(f"{order}{count}{letter}", data, value)
    (following,) = struct.unpack_from(order + ("Q" if big else "I"), data, at + entries * entry)
    return tags, following


def _page(tags: _Tags, directory: int) -> Page:
    def first(tag: int, default: int) -> int:
        return tags[tag][0] if tag in tags else default

    if _PHOTOMETRIC not in tags:
        raise IndexError
    starts = tags.get(_STRIPS, tags.get(_TILES, ()))
    across, down = first(_TILE_WIDTH, first(_WIDTH, 0)), first(_TILE_HEIGHT, first(_ROWS, first(_HEIGHT, 0)))
    planar = first(_PLANAR, 1) == 2
    depth = sum(tags.get(_BITS, (1,))) if not planar else first(_BITS, 1)
    return Page(
        directory,
        first(_HEIGHT, 0),
        first(_WIDTH, 0),
        first(_BITS, 1),
        first(_COMPRESSION, 1),
        first(_PHOTOMETRIC, _MIN_IS_BLACK),
        first(_SAMPLES, 1),
        planar,
        len(tags.get(_EXTRA, ())),
        tuple(zip(starts, tags.get(_LENGTHS, tags.get(_TILE_LENGTHS, ())), strict=False)),
        (across * depth + 7) // 8 * min(down, first(_HEIGHT, 0) if _TILES not in tags else down),
        first(_WIDTH, 0) * first(_HEIGHT, 0) * depth * (first(_SAMPLES, 1) if planar else 1) // 8,
        bytes(tags.get(_JPEG_TABLES, ())),
    )
