"""Looking for cameras, and one small picture of each; all of it beside the window."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.domain.inspection import Frame
from engine.errors import LinesideError
from engine.images.depth import develop
from engine.images.thumbnails import thumbnail
from engine.sources.base import SourceInfo
from engine.sources.supervisor import SourceState
from engine.station.preview import Preview, Standing
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.jobs.jobs import Job, Jobs
from gui.line.feed import OpenSource, Turns

FindCameras = Callable[[], tuple[list[SourceInfo], dict[str, str]]]
"""Cameras found, and why a kind could not be listed (kind → sentence)."""

PEEK_S = 8.0
"""A camera that shows nothing for so long gets no small picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A first picture of one camera (small, grey or BGR), or why there is none."""

    uri: str
    picture: NDArray[np.uint8] | None
    words: str = ""


class Finder(QObject):
    """`find` looks for cameras, then takes a glance at each; `peek` and `hush` steer the glances alone."""

    searching = Signal()
    found = Signal(object, object)
    """list[SourceInfo] and dict[str, str], as FindCameras gives them."""
    glanced = Signal(object)
    """Glance."""

    def __init__(self, jobs: Jobs, find: FindCameras, open_source: OpenSource, turns: Turns, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._find, self._open, self._turns = jobs, find, open_source, turns
        self._search: Job | None = None
        self._peeking: Job | None = None

    @property
    def busy(self) -> bool:
        """True while it looks for cameras."""
        return self._search is not None

    def find(self) -> None:
        """Look for cameras; nothing happens while it does."""
        if self._search is None:
            self.hush()
            self.searching.emit()
            self._search = self._jobs.run(self._find, self._found, self._failed)

    def peek(self, uris: Sequence[str]) -> None:
        """Take a glance at these, one after the other."""
        self.hush()
        if uris:
            self._peeking = self._jobs.stream(
                lambda job, report: self._glances(job, tuple(uris), report), self.glanced.emit, lambda _none: None
            )

    def hush(self) -> None:
        """No glances any more: somebody else needs a camera."""
        if self._peeking is not None:
            self._peeking.cancel()
            self._peeking = None

    def _found(self, result: tuple[list[SourceInfo], dict[str, str]]) -> None:
        self._search = None
        self.found.emit(*result)

    def _failed(self, error: Exception) -> None:
        self._search = None
        self.found.emit([], {})
        self._jobs.failed.emit(error)

    def _glances(self, job: Job, uris: Sequence[str], report: Callable[[Glance], None]) -> None:
        for uri in uris:
            if job.cancelled or not self._turns.take(uri, job):
                return
            try:
                report(self._glance(job, uri))
            finally:
                self._turns.give(uri)

    def _glance(self, job: Job, uri: str) -> Glance:
        try:
            source = self._open(uri)
        except LinesideError as error:
            return Glance(uri, None, translated(error.message))
        until, words = time.monotonic() + PEEK_S, translate("Camera", "no picture yet")
        with Preview(source) as preview:
            while not job.cancelled and time.monotonic() < until:
                frame, standing = preview.frames.take(), preview.standing.take()
                if frame is not None:
                    return Glance(uri, small(frame))
                if standing is not None and (standing.over or standing.state is SourceState.BACKOFF):
                    return Glance(uri, None, _short(standing))
                time.sleep(0.03)
            if preview.source.state is SourceState.STREAMING and not preview.source.free_running:
                words = translate("Camera", "waits for a trigger")
        return Glance(uri, None, words)


def small(frame: Frame) -> NDArray[np.uint8]:
    """A frame made small for the list."""
    return thumbnail(develop(frame.pixels, frame.bits, frame.bayer if frame.pixels.ndim == 2 else ""))


def _short(standing: Standing) -> str:
    return standing.words.partition(". ")[0]
