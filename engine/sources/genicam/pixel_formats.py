"""A camera's bytes as pixels, by the names and codes of the Pixel Format Naming Convention (PFNC 2.4, EMVA).

Depth and mosaic are kept: no value is shifted, scaled or interpolated but for YUV and YCbCr, which become BGR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Pixels
from engine.errors import FrameIncomplete, UnsupportedProperty

MAX_SIDE = 1 << 16
MAX_PIXELS = 1 << 28
"""Larger pictures are refused: the sizes come from outside."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Group:
    """The fewest pixels that fill whole bytes."""

    pixels: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Format:
    """How one format lies in memory. `rows` makes height rows of groups (height×row bytes) into pixels."""

    group: _Group
    rows: Callable[[Bytes, int], Pixels]
    bits: int = 0
    bayer: str = ""


def unpack(data: Bytes, width: int, height: int, name: str, *, padding: int = 0) -> tuple[Pixels, int, str]:
    """Pixels (H×W grey or raw mosaic, H×W×3 BGR), bits used of a uint16 (0 = uint8) and the mosaic's first two rows.

    `data` is 1-D uint8; `padding` is how many bytes follow each row. Bytes after the picture are ignored. Packed rows
    of a width that does not fill whole bytes may end at a byte or run on: the length tells. 8- and 16-bit pixels are a
    view of `data`. Raises UnsupportedProperty for a format it does not know, FrameIncomplete for too few bytes or a
    size that cannot be.
    """
    form = _FORMATS.get(name)
    if form is None:
        raise UnsupportedProperty(
            f"Pictures in the pixel format {name or 'without a name'} cannot be read.",
            "Choose another pixel format, Mono8 for instance.",
        )
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS and padding >= 0):
        raise FrameIncomplete(f"The camera sent a picture of {width}×{height} pixels.", "Check its picture size.")
    group = form.group
    used = -(-width // group.pixels) * group.bytes
    if group.pixels > 1 and not padding and data.size < used * height:
        return _run_on(data, width, height, form), form.bits, form.bayer
    stride = used + padding
    # The last row's padding need not be sent.
    _need(data, stride * height - padding)
    rows = data[: stride * height]
    if rows.size < stride * height:
        rows = np.pad(rows, (0, stride * height - rows.size))
    return form.rows(rows.reshape(height, stride)[:, :used], width), form.bits, form.bayer


def name_of(code: int) -> str:
    """The name of a 32-bit PFNC code; a code not known in hexadecimal, which `unpack` refuses by name."""
    return NAMES.get(code, f"0x{code:08X}")


def _run_on(data: Bytes, width: int, height: int, form: _Format) -> Pixels:
    """Packed pixels without regard to rows."""
    bits = form.group.bytes * 8 // form.group.pixels
    _need(data, -(-width * height * bits // 8))
    groups = -(-width * height // form.group.pixels)
    line = data[: groups * form.group.bytes]
    line = np.pad(line, (0, groups * form.group.bytes - line.size))
    return form.rows(line[np.newaxis], width * height).reshape(height, width)


def _need(data: Bytes, count: int) -> None:
    if data.size < count:
        raise FrameIncomplete(f"The camera sent {data.size} bytes of a picture of {count}.", "Check the connection.")


# ── rows of bytes (H×n uint8) to pixels ──────────────────────────────────────────────────────────────────────────
def _bytes(rows: Bytes, width: int) -> Pixels:
    return rows[:, :width]


def _words(rows: Bytes, width: int) -> Pixels:
    words: NDArray[np.uint16] = np.ascontiguousarray(rows).view("<u2")[:, :width].astype(np.uint16, copy=False)
    return words


def _lsb_packed(bits: int) -> Callable[[Bytes, int], Pixels]:
    """PFNC's `p`: pixel after pixel, lowest bit first. 10 bits: four in five bytes; 12 bits: two in three."""
    group = _GROUPS[bits]

    def rows_of(rows: Bytes, width: int) -> Pixels:
        wide = np.ascontiguousarray(rows).reshape(rows.shape[0], -1, group.bytes).astype(np.uint16)
        pixels = np.empty((*wide.shape[:2], group.pixels), np.uint16)
        for lane in range(group.pixels):
            first, shift = divmod(lane * bits, 8)
            pixels[..., lane] = (wide[..., first] | wide[..., first + 1] << 8) >> shift & ((1 << bits) - 1)
        return pixels.reshape(rows.shape[0], -1)[:, :width]

    return rows_of


def _gev_packed(bits: int) -> Callable[[Bytes, int], Pixels]:
    """GigE Vision's own `Packed`: two pixels in three bytes, their high eight bits outside, the low ones in between."""
    low = bits - 8

    def rows_of(rows: Bytes, width: int) -> Pixels:
        wide = np.ascontiguousarray(rows).reshape(rows.shape[0], -1, 3).astype(np.uint16)
        pixels = np.empty((*wide.shape[:2], 2), np.uint16)
        pixels[..., 0] = wide[..., 0] << low | wide[..., 1] & ((1 << low) - 1)
        pixels[..., 1] = wide[..., 2] << low | wide[..., 1] >> 4 & ((1 << low) - 1)
        return pixels.reshape(rows.shape[0], -1)[:, :width]

    return rows_of


def _colour(channels: int, code: int | None) -> Callable[[Bytes, int], Pixels]:
    def rows_of(rows: Bytes, width: int) -> Pixels:
        pixels = rows.reshape(rows.shape[0], width, channels)
        return pixels if code is None else _as_bytes(cv2.cvtColor(pixels, code))

    return rows_of


def _yuv(code: int) -> Callable[[Bytes, int], Pixels]:
    """Video levels (Y 16…235) of BT.601, what viewers take YUV422 for."""

    def rows_of(rows: Bytes, width: int) -> Pixels:
        return _as_bytes(cv2.cvtColor(np.ascontiguousarray(rows).reshape(rows.shape[0], -1, 2), code))[:, :width]

    return rows_of


def _ycbcr(order: tuple[int, int, int, int]) -> Callable[[Bytes, int], Pixels]:
    """Full levels (Y 0…255) of BT.601, as PFNC defines YCbCr; `order` tells where in four bytes Y, Cb, Y, Cr lie."""

    def rows_of(rows: Bytes, width: int) -> Pixels:
        pairs = rows.reshape(rows.shape[0], -1, 4)
        first, blue, second, red = order
        full = np.empty((*pairs.shape[:2], 2, 3), np.uint8)
        full[..., 0, 0], full[..., 1, 0] = pairs[..., first], pairs[..., second]
        full[..., 1], full[..., 2] = pairs[..., red, np.newaxis], pairs[..., blue, np.newaxis]
        flat = full.reshape(rows.shape[0], -1, 3)
        return _as_bytes(cv2.cvtColor(flat, cv2.COLOR_YCrCb2BGR))[:, :width]

    return rows_of


def _as_bytes(picture: object) -> Bytes:
    return np.asarray(picture, np.uint8)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────
_ONE, _TWO, _PAIR = _Group(1, 1), _Group(1, 2), _Group(2, 3)
_GROUPS = {10: _Group(4, 5), 12: _PAIR}
_MOSAICS = {"BayerRG": "RGGB", "BayerBG": "BGGR", "BayerGR": "GRBG", "BayerGB": "GBRG"}


def _table() -> dict[str, _Format]:
    table: dict[str, _Format] = {}
    for stem, bayer in {"Mono": "", **_MOSAICS}.items():
        table[f"{stem}8"] = _Format(_ONE, _bytes, 0, bayer)
        for bits in (10, 12, 14, 16):
            table[f"{stem}{bits}"] = _Format(_TWO, _words, bits, bayer)
        for bits, group in _GROUPS.items():
            table[f"{stem}{bits}p"] = _Format(group, _lsb_packed(bits), bits, bayer)
            table[f"{stem}{bits}Packed"] = _Format(_PAIR, _gev_packed(bits), bits, bayer)
    colours = {"BGR8": (3, None), "RGB8": (3, cv2.COLOR_RGB2BGR)}
    colours |= {"BGRa8": (4, cv2.COLOR_BGRA2BGR), "RGBa8": (4, cv2.COLOR_RGBA2BGR)}
    for name, (channels, code) in colours.items():
        table[name] = _Format(_Group(1, channels), _colour(channels, code))
        table[name.upper() + "Packed"] = table[name]
    yuyv, uyvy = (
        _Format(_Group(2, 4), _yuv(cv2.COLOR_YUV2BGR_YUY2)),
        _Format(_Group(2, 4), _yuv(cv2.COLOR_YUV2BGR_UYVY)),
    )
    table |= dict.fromkeys(("YUV422_8", "YUV422_YUYV_Packed", "YUYV"), yuyv)
    table |= dict.fromkeys(("YUV422_8_UYVY", "YUV422Packed", "UYVY"), uyvy)
    table["YCbCr422_8"] = _Format(_Group(2, 4), _ycbcr((0, 1, 2, 3)))
    table["YCbCr422_8_CbYCrY"] = _Format(_Group(2, 4), _ycbcr((1, 0, 3, 2)))
    return table


_FORMATS = _table()
FORMATS = frozenset(_FORMATS)
"""The names `unpack` takes."""


def _codes() -> dict[int, str]:
    """Codes count through the mosaics in one order for the older formats, and in another for the newer `p` ones."""
    codes = {0x01080001: "Mono8", 0x01100003: "Mono10", 0x01100005: "Mono12", 0x01100025: "Mono14"}
    codes |= {0x01100007: "Mono16", 0x010C0004: "Mono10Packed", 0x010C0006: "Mono12Packed"}
    codes |= {0x010A0046: "Mono10p", 0x010C0047: "Mono12p"}
    older = {0x01080008: "8", 0x0110000C: "10", 0x01100010: "12", 0x0110002E: "16"}
    older |= {0x01100109: "14", 0x010C0026: "10Packed", 0x010C002A: "12Packed"}
    for first, rest in older.items():
        codes |= {first + place: f"Bayer{filters}{rest}" for place, filters in enumerate(("GR", "RG", "GB", "BG"))}
    for place, filters in enumerate(("BG", "GB", "GR", "RG")):
        codes[0x010A0052 + 2 * place] = f"Bayer{filters}10p"
        codes[0x010C0053 + 2 * place] = f"Bayer{filters}12p"
    codes |= {0x02180014: "RGB8", 0x02180015: "BGR8", 0x02200016: "RGBa8", 0x02200017: "BGRa8"}
    codes |= {0x02100032: "YUV422_8", 0x0210001F: "YUV422_8_UYVY"}
    return codes | {0x0210003B: "YCbCr422_8", 0x02100043: "YCbCr422_8_CbYCrY"}


NAMES: Mapping[int, str] = MappingProxyType(_codes())
"""PFNC code → the name `unpack` takes, as GigE Vision and USB3 Vision buffers state it."""
