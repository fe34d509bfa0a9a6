"""Pictures that were written over before they were judged: counted, since nobody can judge them any more."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.sources.base import SourceRemark

AFTER_S = 10.0
"""Told at the latest so long after the first, where the name never comes to rest."""
_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What of a file was seen while it waited: how long it was, and its end.

    Not which file it was: drives on a network may number one and the same anew at every look.
    """

    size: int
    end: bytes


class WrittenOver:
    """Tells a file that grows from another one under its name: of that the end which was seen is gone.

    Zeros at its end were never written: room that was taken first. Between two looks more than one may be lost.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count, self._since = 0, 0.0

    def glimpse(self, path: Path, before: Glimpse | None = None) -> Glimpse | None:
        """Look at a file that is not complete yet, and count what was there `before`; None where it is gone."""
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if before is not None and _is_other(before, status.st_size, file.fileno()):
                    self._since = self._since if self._count else self._clock()
                    self._count += 1
                start = max(0, status.st_size - _SAMPLE)
                return Glimpse(status.st_size, _read(file.fileno(), start, status.st_size - start))
        except OSError:
            return None

    def remarks(self, *, at_rest: bool) -> tuple[SourceRemark, ...]:
        """How many since the last word; not while the name is still written to, unless it takes long."""
        if not self._count or not (at_rest or self._clock() - self._since >= AFTER_S):
            return ()
        count, self._count = self._count, 0
        many = f"{count} pictures were written over before they were judged."
        said = "A picture was written over before it was judged." if count == 1 else many
        return (SourceRemark(said, "Give each picture a name of its own, or move it in when it is complete."),)


def _is_other(before: Glimpse, size: int, file: int) -> bool:
    written = before.end.rstrip(b"\0")
    if not written:
        return False
    return size < before.size or _read(file, before.size - len(before.end), len(written)) != written


def _read(file: int, at: int, length: int) -> bytes:
    os.lseek(file, at, os.SEEK_SET)
    return os.read(file, length)
