"""A folder of pictures as a scan reads it: with its sub-folders or not, without what was judged already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.domain.inspection import Frame
from engine.errors import UsageError
from engine.images.pages import page_name, place_of
from engine.names import name_of
from engine.sources.base import SourceRemark
from engine.sources.files.folder import FolderSource

Stamp = tuple[int, int]
"""A file's size in bytes and the time of its last change in nanoseconds; (-1, -1) where it is not there."""


class PickedFolder(FolderSource):
    """Like FolderSource, in the same order and with the same sequence numbers, but leaves files out.

    `leave_out`: a picture's path below the folder (with /) → the stamp its file had when it was judged; where
    that changed it is read.
    """

    def __init__(self, folder: Path, *, recursive: bool = True, leave_out: Mapping[str, Stamp] | None = None) -> None:
        super().__init__(folder, recursive=recursive)
        self._leave_out = dict(leave_out or {})
        self._places: list[int] = []
        self._all: int | None = None
        self._stamps: dict[str, Stamp] = {}

    @property
    def total(self) -> int | None:
        """How many pictures there are, those left out among them; None before it was opened."""
        return self._all

    @property
    def left(self) -> int:
        """How many of them are to be read; 0 while closed."""
        return len(self._places)

    def open(self) -> None:
        """List the pictures. Raises InputError for a folder that is missing, unreadable or holds no picture."""
        super().open()
        listed = list(self._parts or ())
        self._all = len(listed)
        picked = [(place, part) for place, part in enumerate(listed) if not self._judged(*part)]
        self._places, self._parts = [place for place, _ in picked], [part for _, part in picked]

    def remarks(self) -> tuple[SourceRemark, ...]:
        """None: a scan gives a whole account of `listing`."""
        return ()

    def read(self, timeout: float) -> Frame:
        """The next picture that is not left out. Raises PictureError, SourceEnded."""
        if self._parts is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        place = self._next
        if place < len(self._parts):
            # Before its pixels: what is written into it while it is read counts as a change.
            path, page = self._parts[place]
            self._stamps[below(page_name(path, page), self._folder)] = stamp_of(path)
        frame = super().read(timeout)
        return replace(frame, sequence=self._places[place])

    def stamp(self, name: str) -> Stamp:
        """The stamp that a picture (its path below the folder) had when it was read; asked for once."""
        return self._stamps.pop(name, (-1, -1))

    def _judged(self, path: Path, page: int) -> bool:
        known = self._leave_out.get(below(page_name(path, page), self._folder))
        return known is not None and known == stamp_of(path)


def stamp_of(path: Path) -> Stamp:
    """Size and time of change of a picture's file now."""
    try:
        found = place_of(str(path))[0].stat()
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns


def below(name: str, folder: Path) -> str:
    """A picture's path below the folder, with /; the name itself where it lies elsewhere."""
    start = os.path.join(name_of(folder), "")  # noqa: PTH118 - a thousand times cheaper than Path, for every row of a table
    return name[len(start) :].replace(os.sep, "/") if name.startswith(start) else name
