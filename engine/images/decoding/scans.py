"""Whether a progressive JPEG has all of its scans: after the first it is a picture, and none of its details is there.

Source: ITU-T T.81 Annex G.
"""

from __future__ import annotations

import re

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_COEFFICIENTS = 64
_FRAME, _SCAN, _END = 0xC2, 0xDA, 0xD9
_NEVER = 16


def has_every_scan(data: bytes) -> bool:
    """True where every coefficient of every component is told to its last bit."""
    left: dict[int, list[int]] = {}
    found = _MARKER.search(data, 2)
    while found is not None:
        at, marker = found.start(), data[found.start() + 1]
        if marker == _END:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at + 4 : at + 2 + length]
        if marker == _FRAME and len(segment) > 5:
            left = {component: [_NEVER] * _COEFFICIENTS for component in segment[6 : 6 + 3 * segment[5] : 3]}
        if marker == _SCAN and segment and len(segment) == 4 + 2 * segment[0]:
            _tell(segment, left)
        found = _MARKER.search(data, at + 2 + length)
    return bool(left) and not any(any(bits) for bits in left.values())


def _tell(scan: bytes, left: dict[int, list[int]]) -> None:
    first, last, bits = scan[-3], min(scan[-2], _COEFFICIENTS - 1), scan[-1] & 0x0F
    for component in scan[1 : 1 + 2 * scan[0] : 2]:
        for coefficient in range(first, last + 1) if component in left else ():
            left[component][coefficient] = bits
