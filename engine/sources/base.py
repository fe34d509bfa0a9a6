"""The protocol of every source, and what a source tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.domain import Frame


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source that could be opened: the URI that opens it and a line for a person."""

    uri: str
    description: str


class FrameSource(Protocol):
    """Frames, one at a time. Made closed; `open` and `close` may be called again; `close` is safe at any time."""

    @property
    def uri(self) -> str:
        """What opens this source again."""
        ...

    @property
    def description(self) -> str:
        """Kind, size and rate, for the status bar: `demo 1280×1024 30 fps`."""
        ...

    @property
    def free_running(self) -> bool:
        """True: it makes frames whether read or not and the newest counts. False: every frame is delivered in order."""
        ...

    @property
    def skipped(self) -> int:
        """Frames made since `open` that nobody read; always 0 unless free-running."""
        ...

    @property
    def total(self) -> int | None:
        """How many frames there will be, when that is known."""
        ...

    def open(self) -> None:
        """Get ready. Raises InputError for a source that cannot be, SourceLost for one that is not there now."""
        ...

    def read(self, timeout: float) -> Frame | None:
        """The next frame, or None when none came within `timeout` seconds (≤ 0.2 in the station loop).

        Raises SourceEnded after the last frame, PictureError for one bad picture (the next read goes on),
        SourceLost when the device went away.
        """
        ...

    def close(self) -> None:
        """Release everything; no thread outlives it."""
        ...
