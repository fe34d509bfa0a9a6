"""A hundred thousand mutated pictures: none is judged that a second decoder found short.

The second decoder is OpenCV's own build of libjpeg, libpng, libtiff and libwebp with what it says on the error stream,
and Pillow, which raises for what ends early. BMP and PGM know no check sum: no more is asked of them than not to break.
"""

from __future__ import annotations

import io
import os
import random
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.images.decoding.fault import Undecodable
from engine.images.decoding.headers import JPEG_START
from engine.images.decoding.picture import count, decode
from tests.unit.engine.images.decoding.made import jpeg, metal, scan_of, tiff

MUTANTS = 100_000
SMOKE = 1_500
SHORT = re.compile(
    r"premature end|Premature end|bad Huffman|found marker|two SO|Invalid|Unsupported|corrupt|not enough|Not enough"
    r"|Read [Ee]rror|CRC|data check|[Dd]ecod\w+ error|Decoding error|TIFF_Error|not terminated|libpng error"
)
HARMLESS = re.compile(
    r"extraneous bytes before marker|Warning: unknown|Invalid SOS|iCCP|known incorrect|TIFF_Warning|custom tag"
)
_FORMATS = (
    "jpeg", "progressive", "restarts", "grey jpeg", "png", "lzw", "deflate", "packbits", "jpeg tiff", "palette tiff",
    "few bits tiff", "webp", "bmp", "pgm",
)  # fmt: skip


def _whole(kind: str) -> bytes:
    grey, colour = metal(channels=1), metal()
    match kind:
        case "jpeg":
            return jpeg(colour, cv2.IMWRITE_JPEG_QUALITY, 80)
        case "progressive":
            return jpeg(colour, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
        case "restarts":
            return jpeg(colour, cv2.IMWRITE_JPEG_RST_INTERVAL, 6)
        case "grey jpeg":
            return jpeg(grey)
        case "lzw" | "deflate" | "packbits" | "jpeg tiff":
            return tiff(grey, {"lzw": 5, "jpeg tiff": 7, "deflate": 8, "packbits": 32773}[kind])
        case "palette tiff" | "few bits tiff":
            drawn = (
                Image.fromarray(colour).quantize(64) if kind == "palette tiff" else Image.fromarray(grey).convert("1")
            )
            drawn.save(file := io.BytesIO(), "tiff", compression="tiff_lzw")
            return file.getvalue()
    done, data = cv2.imencode(f".{kind}", grey)
    assert done
    return data.tobytes()


def _mutated(data: bytes, kind: str, draw: random.Random) -> bytes:
    """Cut, holed, swapped, doubled, flipped: in what a decoder reads, more often than in the header."""
    low = scan_of(data) if data.startswith(JPEG_START) else len(data) // 20
    at = draw.randrange(low if draw.random() < 0.9 else 2, len(data) - 2)
    length = min(draw.choice((1, 2, 16, 100, 512, 4096)), len(data) - at - 2)
    end = b"\xff\xd9" if data.startswith(JPEG_START) else b""
    match draw.randrange(7):
        case 0:
            return data[:at] + end
        case 1:
            return data[:at]
        case 2:
            return data[:at] + bytes(length) + data[at + length :]
        case 3:
            return data[:at] + data[at + length :]
        case 4:
            return data[:at] + bytes((data[at] ^ 1 << draw.randrange(8),)) + data[at + 1 :]
        case 5:
            other = draw.randrange(low, len(data))
            return data[:at] + data[other : other + length] + data[at + length :]
        case _:
            return data[:at] + draw.randbytes(length) + data[at + length :]


@contextmanager
def _error_stream() -> Iterator[list[str]]:
    """What C libraries write to the error stream meanwhile."""
    said: list[str] = []
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))


def _found_short(data: bytes) -> str:
    """What a second decoder holds against it; empty where it is content."""
    with _error_stream() as said:
        try:
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            pixels = None
    lines = [line for line in said[0].splitlines() if SHORT.search(line) and not HARMLESS.search(line)]
    if lines:
        return lines[0]
    if pixels is None and data[:2] != b"II":
        return "OpenCV gives nothing"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(io.BytesIO(data)).load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # A header that Pillow does not understand says nothing of the data behind it.
        return "" if isinstance(error, Image.UnidentifiedImageError | ValueError | SyntaxError) else str(error)
    return ""


def _judged(data: bytes) -> bool:
    try:
        return count(data) == 1 and decode(data).size > 0
    except Undecodable:
        return False


def _try(kind: str, number: int) -> Counter[str]:
    whole, draw = _whole(kind), random.Random(f"{kind} 14")
    found: Counter[str] = Counter()
    for place in range(number):
        data = _mutated(whole, kind, draw)
        judged, held = _judged(data), _found_short(data)
        found[("judged" if judged else "refused") + (", found short" if held else "")] += 1
        if judged and held and kind not in ("bmp", "pgm"):
            pytest.fail(f"Mutant {place} of {kind} is judged, though a second decoder says: {held}")
    return found


@pytest.mark.prove(shard="pictures")
@pytest.mark.parametrize("kind", _FORMATS)
def test_no_mutated_picture_is_judged_that_a_second_decoder_found_short(kind: str) -> None:
    print(kind, dict(_try(kind, MUTANTS // len(_FORMATS))))


@pytest.mark.smoke
@pytest.mark.prove(shard="pictures")
def test_a_share_of_them() -> None:
    for kind in _FORMATS:
        _try(kind, SMOKE // len(_FORMATS))
