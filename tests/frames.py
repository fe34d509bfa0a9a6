"""Sources and frames for tests: real classes that implement the real protocols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
