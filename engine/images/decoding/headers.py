"""What a picture file says of itself before it is decoded: its size in pixels, and whether its check sums hold.

Sources: JPEG ITU-T T.81 Annex B, PNG (ISO/IEC 15948) section 5, BMP BITMAPINFOHEADER, WebP RFC 9649, TIFF 6.0, GIF89a,
Netpbm's pnm.
"""

from __future__ import annotations

import struct
import zlib

MAX_PIXELS = 400_000_000
"""More than so many are not read: three bytes each, and as much again while they are judged."""
SHORT_BMP = 40
"""Headers below so many bytes are OS/2's, with shorter numbers and colours of three bytes."""
JPEG_START = b"\xff\xd8"
JPEG_END = b"\xff\xd9"
PNG_START = b"\x89PNG\r\n\x1a\n"
PNM_STARTS = (b"P5", b"P6")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257


def header_size(data: bytes) -> tuple[int, int] | None:
    """Height and width in pixels as the file's header tells them; None when it tells none that is understood."""
    try:
        if data.startswith(JPEG_START):
            return _jpeg_size(data)
        if data.startswith(PNG_START):
            width, height = struct.unpack_from(">II", data, 16)
            return int(height), int(width)
        if data.startswith(b"BM"):
            return _bmp_size(data)
        if len(data) >= 30 and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
        if data[:4] in (b"II*\x00", b"MM\x00*"):
            return _tiff_size(data)
        if data[:4] == b"GIF8":
            width, height = struct.unpack_from("<HH", data, 6)
            return int(height), int(width)
        if data[:2] in PNM_STARTS:
            return _pnm_size(data)
    except (struct.error, IndexError, ValueError):
        return None
    return None


def jpeg_segments(data: bytes) -> list[tuple[int, int]]:
    """Of JPEG data, marker and position of each segment up to the first scan; embedded thumbnails are stepped over."""
    found: list[tuple[int, int]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        found.append((marker, at))
        if marker == 0xDA:
            break
        at += 2 if marker in _JPEG_BARE else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    for marker, at in jpeg_segments(data):
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return int(height), int(width)
    return None


def png_complete(data: bytes) -> bool:
    """True for PNG data whose every check sum holds, up to its end; decoders may fill a hole grey."""
    at = len(PNG_START)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(data) or zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
        if data[at + 4 : at + 8] == b"IEND":
            return True
        at = end + 4
    return False


def _bmp_size(data: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<ii" if header >= SHORT_BMP else "<HH", data, 18)
    return abs(int(height)), abs(int(width))


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[27:30], "little") + 1, int.from_bytes(data[24:27], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return int(height) & 0x3FFF, int(width) & 0x3FFF
    return None


def _tiff_size(data: bytes) -> tuple[int, int] | None:
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, at)
    sizes: dict[int, int] = {}
    for entry in range(entries):
        tag, kind = struct.unpack_from(order + "HH", data, at + 2 + 12 * entry)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT):
            (sizes[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, at + 10 + 12 * entry)
    if len(sizes) < 2:
        return None
    return sizes[_TIFF_HEIGHT], sizes[_TIFF_WIDTH]


def _pnm_size(data: bytes) -> tuple[int, int]:
    words = [word for line in data[2:1024].splitlines() for word in line.split(b"#")[0].split()]
    return int(words[1]), int(words[0])
