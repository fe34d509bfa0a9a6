"""Sources and frames for tests: real classes that implement the real protocols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Frame, utc_now
from engine.errors import FrameTimeout, LinesideError, SourceEnded
from engine.sources.base import NoSettings


def part(spot: int = 0, height: int = 128, width: int = 160, seed: int = 0) -> NDArray[np.uint8]:
    """A dark part with a little grain; `spot` is the grey level of a bright square in its middle (0 = none)."""
    pixels = np.random.default_rng(seed).integers(10, 30, (height, width), dtype=np.uint8)
    if spot:
        pixels[height // 2 - 12 : height // 2 + 12, width // 2 - 12 : width // 2 + 12] = spot
    return pixels


class ListSource(NoSettings):
    """Gives frames and raises errors from a list, in order; then ends. Reopening goes on where it was."""

    def __init__(
        self, items: Sequence[NDArray[np.uint8] | Frame | LinesideError | None], *, free: bool = False
    ) -> None:
        self.uri, self.description = "list:", "a list"
        self.free_running = self.is_live = free
        self.skipped = 0
        self.total: int | None = len(items)
        self.opened = self.closed = 0
        self._items = list(items)
        self._next = 0

    @property
    def live(self) -> bool:
        """A free one stands for a camera."""
        return self.is_live

    def open(self) -> None:
        """Count it."""
        self.opened += 1

    def read(self, timeout: float) -> Frame:
        """The next item; None in the list is a wait in vain."""
        if self._next >= len(self._items):
            raise SourceEnded("The list has ended.")
        item = self._items[self._next]
        self._next += 1
        if isinstance(item, LinesideError):
            raise item
        if item is None:
            raise FrameTimeout("Nothing came.")
        if isinstance(item, Frame):
            return item
        return frame(item, self._next)

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def frame(pixels: NDArray[np.uint8], sequence: int = 0, at: datetime | None = None) -> Frame:
    """A frame taken now."""
    return Frame(pixels, "list:", sequence, at or utc_now())


def biscuit(seed: int) -> NDArray[np.uint8]:
    """A sharp, well lit part that no demo model knows, 600×800 grey: a scalloped disc with seven holes."""
    across, down = (int(v) for v in np.random.default_rng(seed).integers(-40, 40, 2))
    pixels, middle = np.full((600, 800), 70, np.uint8), np.array((400 + across, 300 + down))
    for radius, count, around, grey in ((220, 1, 0, 150), (26, 24, 225, 150), (9, 7, 110, 95)):
        for turn in np.arange(count) * 2 * np.pi / count:
            x, y = middle + np.rint(around * np.array((np.cos(turn), np.sin(turn)))).astype(int)
            cv2.circle(pixels, (int(x), int(y)), radius, grey, -1, cv2.LINE_AA)
    return pixels
