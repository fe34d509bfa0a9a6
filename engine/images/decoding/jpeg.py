"""JPEG data to pixels, with the decoder's every warning taken for what it is: data that is not there.

libjpeg fills what it cannot read with grey and warns; OpenCV drops the warning. Sources: ITU-T T.81 Annex B, libjpeg's
jerror.h.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.headers import JPEG_END, JPEG_START, jpeg_segments
from engine.images.decoding.scans import has_every_scan

PIXELS_A_BIT = 64
"""Each block of 8×8 pixels takes a bit at least, so a file of fewer bits than blocks cannot hold its picture."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_READ = frozenset((0xC0, 0xC1, 0xC2))
"""Baseline, extended and progressive, Huffman coded; lossless, hierarchical and arithmetic ones are not read."""
_PROGRESSIVE, _TABLES, _SCAN = 0xC2, 0xC4, 0xDA
_TRIES = 4
PADDING = 64
"""Bytes of 0 or 255 before the end marker that are a writer's rounding; of more, one cannot know what they were."""
_HOLE = bytes(64)
_PADDED = re.compile(r"(\d+) extraneous bytes before marker 0xd9")


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a JPEG's frame header says, and where its first scan begins."""

    kind: int
    bits: int
    height: int
    width: int
    channels: int
    scan: int


def decode_jpeg(data: bytes) -> NDArray[np.uint8]:
    """H×W grey or H×W×3 BGR, unrotated: the same pixels as libjpeg gives anyone. Raises Undecodable.

    What follows the end, padding before it, and an end marker that is missing behind a whole scan do no harm.
    """
    frame = _frame_of(data)
    if frame.kind not in _READ:
        raise Undecodable(Fault.KIND, f"JPEG process {frame.kind - 0xC0}")
    if frame.bits != 8:
        raise Undecodable(Fault.KIND, f"JPEG with {frame.bits} bits")
    if frame.channels not in (1, 3, 4):
        raise Undecodable(Fault.CHANNELS, str(frame.channels))
    if len(data) * 8 * PIXELS_A_BIT < frame.height * frame.width:
        raise Undecodable(Fault.DAMAGED, "fewer bits than blocks")
    if _has_hole(data, frame):
        raise Undecodable(Fault.DAMAGED, "a hole of zeros")
    if frame.kind == _PROGRESSIVE and not has_every_scan(data):
        raise Undecodable(Fault.DAMAGED, "scans are missing")
    whole, pixels = _strictly(_with_end(data, frame.scan), frame)
    if frame.channels == 4:
        return _without_black(whole)
    return pixels.reshape(pixels.shape[:2]) if frame.channels == 1 else pixels


def _frame_of(data: bytes) -> _Frame:
    kind = bits = height = width = channels = scan = 0
    for marker, at in jpeg_segments(data):
        if marker in _FRAMES and len(data) >= at + 10:
            kind, bits, channels = marker, data[at + 4], data[at + 9]
            height, width = (int.from_bytes(data[at + k : at + k + 2], "big") for k in (5, 7))
        if marker == _SCAN:
            scan = at
    if not data.startswith(JPEG_START) or not scan or not height * width:
        raise Undecodable(Fault.DAMAGED, "no frame or no scan")
    return _Frame(kind, bits, height, width, channels, scan)


def _has_hole(data: bytes, frame: _Frame) -> bool:
    """Whether the scan holds zeros that are no picture: libjpeg reads them as codes, often without a warning.

    To the standard luminance table and most others, zeros are the code of a coefficient of -1, and no surface is one
    block of those after the other; where the zero code ends a block, zeros are a plain surface.
    """
    if data.rfind(JPEG_END, frame.scan) < 0:
        return len(data) - len(data.rstrip(b"\x00")) > PADDING
    hole = data.find(_HOLE, frame.scan)
    if hole < 0 or frame.kind == _PROGRESSIVE or _zeros_end_blocks(data, frame):
        return False
    # Behind the end a writer may put what it likes.
    return hole < data.find(JPEG_END, frame.scan)


def _zeros_end_blocks(data: bytes, frame: _Frame) -> bool:
    """Whether the shortest code of the first component's AC table, which is all zeros, is the end of a block."""
    wanted = 0x10 | (data[frame.scan + 6] & 0x0F)
    ends = False
    for marker, at in jpeg_segments(data):
        place, last = at + 4, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        while marker == _TABLES and place + 17 < min(last, len(data)):
            if data[place] == wanted:
                ends = data[place + 17] == 0
            place += 17 + sum(data[place + 1 : place + 17])
    return ends


def _with_end(data: bytes, scan: int) -> bytes:
    """A cut scan tells itself by the blocks it lacks; that its marker is missing is no damage."""
    return data if data.rfind(JPEG_END, scan) >= 0 else data + JPEG_END


def _strictly(data: bytes, frame: _Frame) -> tuple[bytes, NDArray[np.uint8]]:
    """The data as it was decoded, and its pixels."""
    space = {1: "GRAY", 3: "BGR", 4: "CMYK"}[frame.channels]
    said = ""
    for _ in range(_TRIES):
        try:
            return data, np.asarray(simplejpeg.decode_jpeg(data, space, strict=True), np.uint8)
        except (ValueError, MemoryError) as error:
            said = str(error)
        mended = _without_what_is_harmless(data, frame, said)
        if mended is None:
            break
        data = mended
    raise Undecodable(Fault.DAMAGED, said)


def _without_what_is_harmless(data: bytes, frame: _Frame, warning: str) -> bytes | None:
    """The data without what a camera's habit put into it and libjpeg warned of; None where data is lost."""
    padded = _PADDED.search(warning)
    if padded is not None:
        end = data.find(JPEG_END, frame.scan)
        start = end - int(padded[1])
        # Only padding: bytes that say something and were not used are the rest of a picture that lost its place.
        said = end - start > PADDING or start <= frame.scan or data[start:end].strip(b"\x00\xff")
        return None if said else data[:start] + data[end:]
    if "Invalid SOS parameters" in warning and frame.kind != _PROGRESSIVE:
        # Spectral selection 0 to 63 is all that a sequential scan can have, whatever its header says.
        last = frame.scan + 2 + int.from_bytes(data[frame.scan + 2 : frame.scan + 4], "big")
        return data[: last - 3] + b"\x00\x3f\x00" + data[last:]
    if "JFIF" in warning or "Adobe" in warning:
        return _without_note(data, 0xE0 if "JFIF" in warning else 0xEE)
    return None


def _without_note(data: bytes, note: int) -> bytes | None:
    for marker, at in jpeg_segments(data):
        if marker == note:
            return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    return None


def _without_black(data: bytes) -> NDArray[np.uint8]:
    """Of a CMYK picture, found whole, the colours as OpenCV has always told them."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise Undecodable(Fault.DAMAGED, "CMYK")
    return np.asarray(pixels, np.uint8)
