"""The stale-frame interlock: is this frame of a device new, or an old one handed on once more?

Four signs, any one is enough: the sequence number did not grow, the camera's own time stamp did not move on, the pixels
are those of one of the last frames, or the frame is older than it may be.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

import numpy as np
import xxhash

from engine.domain.inspection import Frame, Pixels

REMEMBERED = 16
"""So many pictures back a repeated one is recognised: more than any driver's buffers hold."""


def content_hash(pixels: Pixels) -> int:
    """64 bits of the pixels and their shape (XXH3; under 0.1 ms for two megapixels)."""
    hashed = xxhash.xxh3_64(np.ascontiguousarray(pixels).data)
    hashed.update(repr((pixels.shape, pixels.dtype.str)).encode())
    return int(hashed.intdigest())


class Freshness:
    """Remembers the last frames of one source. Only for sources whose frames come as time goes by (`live`)."""

    def __init__(self) -> None:
        self._sequence = -1
        self._device_ns = 0
        self._seen: deque[int] = deque(maxlen=REMEMBERED)

    def reopened(self) -> None:
        """The source was away: its counters may start anew, its old pictures stay known."""
        self._sequence, self._device_ns = -1, 0

    def doubt(self, frame: Frame, now: datetime, max_age_s: float | None) -> str:
        """Why this frame must not be judged; empty = it is new. The frame is remembered either way.

        Its age counts from the exposure where that is known; None: its age does not matter (a trigger asked for it).
        """
        doubt = self._compare(frame) or _too_old(frame, now, max_age_s)
        self._sequence = max(frame.sequence, self._sequence)
        self._device_ns = max(frame.device_ns, self._device_ns)
        return doubt

    def _compare(self, frame: Frame) -> str:
        content = content_hash(frame.pixels)
        seen = content in self._seen
        self._seen.append(content)
        if frame.sequence <= self._sequence:
            return f"the camera repeated frame {frame.sequence}"
        if frame.device_ns and frame.device_ns <= self._device_ns:
            return "the camera's time stamp did not move on: an old frame"
        if not seen:
            return ""
        # No sensor gives every pixel the same value twice, unless it sees nothing or too much.
        flat = frame.pixels.min() == frame.pixels.max()
        return "the camera sent the same picture again" + (": all of one grey (lens cap, exposure?)" if flat else "")


def _too_old(frame: Frame, now: datetime, max_age_s: float | None) -> str:
    if max_age_s is None:
        return ""
    age = (now - min(frame.exposed_at or frame.captured_at, frame.captured_at)).total_seconds()
    return f"the frame is stale: {age:.1f} s old" if age > max_age_s else ""
