"""A picture file's bytes to pixels: decoded strictly, beside OpenCV as it decodes for anyone.

`python -m tests.benchmarks.line.decoding` prints milliseconds a picture and the ratio, the best of interleaved rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np

from engine.images.decoding.picture import count, decode
from engine.sources.demo import PartMaker

PICTURES = 12
ROUNDS = 9
_TIFF = cv2.IMWRITE_TIFF_COMPRESSION
_FORMATS: dict[str, tuple[str, list[int]]] = {
    "JPEG": (".jpg", []),
    "JPEG, progressive": (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    "PNG": (".png", []),
    "TIFF": (".tif", [_TIFF, 1]),
    "TIFF, LZW": (".tif", [_TIFF, 5]),
    "TIFF, deflate": (".tif", [_TIFF, 8]),
    "BMP": (".bmp", []),
    "WebP": (".webp", []),
}


def measure() -> list[tuple[str, float, float]]:
    """Format, and milliseconds a 1280×1024 grey picture: strictly, and by OpenCV alone."""
    maker = PartMaker(77, defect_rate=0.3)
    parts = [maker.part(index).pixels for index in range(PICTURES)]
    rows = []
    for name, (suffix, options) in _FORMATS.items():
        files = [cv2.imencode(suffix, part, options)[1].tobytes() for part in parts]
        ways: list[Callable[[bytes], object]] = [
            lambda data: (count(data), decode(data)),
            lambda data: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED),
        ]
        best = [float("inf")] * len(ways)
        for _ in range(ROUNDS):
            for place, way in enumerate(ways):
                begun = time.perf_counter()
                for data in files:
                    way(data)
                best[place] = min(best[place], (time.perf_counter() - begun) / len(files) * 1e3)
        rows.append((name, best[0], best[1]))
    return rows


def report() -> None:
    """The table."""
    print("A picture file decoded, 1280×1024 grey, milliseconds: strictly / by OpenCV alone")
    for name, strict, plain in measure():
        print(f"  {name:<20}{strict:8.2f}{plain:8.2f}{strict / plain - 1:+8.1%}")


if __name__ == "__main__":
    report()
