"""How many pictures a file holds, and where each begins: a decoder shows the first and is silent about the rest.

Sources: CIPA DC-007 (MPO), PNG third edition (acTL), RFC 9649 (WebP), GIF89a.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from engine.images.decoding.headers import JPEG_START, PNG_START, jpeg_segments

_MP = b"MPF\x00"
_MP_COUNT, _MP_ENTRIES, _MP_ENTRY = 0xB001, 0xB002, 16
_MP_PREVIEWS = (0x010001, 0x010002)
_GAIN_MAP = (b"hdrgm:", b"HDRGainMap", b"urn:iso:std:iso:ts:21496")
_NOTES = 65_536


def count_pictures(data: bytes) -> int:
    """How many pictures JPEG, PNG, WebP or GIF data holds; 1 for what says nothing of others."""
    try:
        if data.startswith(JPEG_START):
            return len(mpo_places(data)) or 1
        if data.startswith(PNG_START):
            return _apng_frames(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return max(1, sum(1 for kind, _at in _riff_chunks(data) if kind == b"ANMF"))
        if data[:4] == b"GIF8":
            return max(1, sum(1 for _ in _gif_images(data)))
    except (struct.error, IndexError):
        return 1
    return 1


def mpo_places(data: bytes) -> list[tuple[int, int]]:
    """Start and length of each picture of a JPEG that lists several; previews and gain maps are no pictures of their
    own. Empty where it lists none."""
    for marker, at in jpeg_segments(data):
        if marker == 0xE2 and data[at + 4 : at + 8] == _MP:
            try:
                return _mpo_index(data, at + 8)
            except (struct.error, IndexError):
                return []
    return []


def _mpo_index(data: bytes, base: int) -> list[tuple[int, int]]:
    order = "<" if data[base : base + 2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, base + 4)
    (entries,) = struct.unpack_from(order + "H", data, base + at)
    places: list[tuple[int, int]] = []
    for number in range(entries):
        tag, _kind, length, value = struct.unpack_from(order + "HHII", data, base + at + 2 + 12 * number)
        if tag != _MP_ENTRIES:
            continue
        for entry in range(min(length // _MP_ENTRY, 1000)):
            kind, size, offset = struct.unpack_from(order + "III", data, base + value + entry * _MP_ENTRY)
            start = base + offset if offset else 0
            if kind & 0xFFFFFF not in _MP_PREVIEWS and not _is_gain_map(data, start):
                places.append((start, size))
    return places


def _is_gain_map(data: bytes, start: int) -> bool:
    """A phone's brightness map for bright screens; the main picture (at 0) may speak of it too."""
    return start > 0 and any(word in data[start : start + _NOTES] for word in _GAIN_MAP)


def _apng_frames(data: bytes) -> int:
    at = len(PNG_START)
    while at + 8 <= len(data):
        kind = data[at + 4 : at + 8]
        if kind == b"acTL":
            return max(1, int.from_bytes(data[at + 8 : at + 12], "big"))
        if kind == b"IDAT":
            break
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return 1


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = 12
    while at + 8 <= len(data):
        yield data[at : at + 4], at
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + (size & 1)


def _gif_images(data: bytes) -> Iterator[int]:
    at = 13 + _gif_table(data[10])
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            yield at
            at += 10 + _gif_table(data[at + 9]) + 1
        elif data[at] == 0x21:
            at += 2
        else:
            return
        while data[at]:
            at += 1 + data[at]
        at += 1


def _gif_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
