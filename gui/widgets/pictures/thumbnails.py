"""Small pictures for table rows: loaded on jobs when a row is painted, kept least-recently-used."""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap

from db.images.archive import Archive
from engine.domain.inspection import FrameRef, Pixels
from engine.images.depth import shown, to_uint8
from engine.images.pages import read_named
from gui.jobs.jobs import Jobs

THUMBNAIL = (72, 48)
"""Width and height of a thumbnail in pixels; pictures are fitted inside."""
KEPT = 600
WAITING = 48
AT_ONCE = 2


class Thumbnails(QObject):
    """`get` answers at once, with a picture or with None; `ready` tells that a missing one came.

    The newest wish is served first and wishes beyond WAITING are forgotten: rows that were scrolled past cost nothing.
    """

    ready = Signal(str)

    def __init__(self, archive: Archive, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._archive, self._jobs = archive, jobs
        self._kept: OrderedDict[str, QIcon | None] = OrderedDict()
        self._wanted: OrderedDict[str, tuple[str | None, FrameRef]] = OrderedDict()
        self._running: set[str] = set()

    def get(self, key: str, image: str | None, frame: FrameRef) -> QIcon | None:
        """The thumbnail of inspection `key`, archived as `image` or still to be read from the frame's own file."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if not (image or frame.name) or key in self._running:
            return None
        self._wanted[key] = (image, frame)
        self._wanted.move_to_end(key)
        while len(self._wanted) > WAITING:
            self._wanted.popitem(last=False)
        self._serve()
        return None

    def forget(self, key: str) -> None:
        """Read this one again at the next wish: its picture was archived meanwhile."""
        self._kept.pop(key, None)

    def _serve(self) -> None:
        while self._wanted and len(self._running) < AT_ONCE:
            key, (image, frame) = self._wanted.popitem()
            self._running.add(key)
            self._fetch(key, image, frame)

    def _fetch(self, key: str, image: str | None, frame: FrameRef) -> None:
        self._jobs.run(
            lambda: small_picture(shown(load_pixels(self._archive, image, frame.name), frame)),
            lambda small: self._arrived(key, small),
            lambda _error: self._arrived(key, None),
        )

    def _arrived(self, key: str, small: NDArray[np.uint8] | None) -> None:
        self._running.discard(key)
        self._kept[key] = None if small is None else still_icon(pixmap(small))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self.ready.emit(key)
        self._serve()


def load_pixels(archive: Archive, image: str | None, name: str) -> Pixels:
    """The archived picture, or the file it came from. Blocking. Raises InputError where neither can be read."""
    return archive.load(image) if image else read_named(name)


def small_picture(pixels: Pixels) -> NDArray[np.uint8]:
    """The picture fitted into THUMBNAIL, H×W grey or H×W×3 BGR, uint8."""
    height, width = pixels.shape[:2]
    scale = min(THUMBNAIL[0] / width, THUMBNAIL[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.ascontiguousarray(cv2.resize(to_uint8(pixels), size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def pixmap(pixels: NDArray[np.uint8]) -> QPixmap:
    """A small uint8 picture, H×W grey or H×W×3 BGR, as a pixmap. GUI thread only."""
    height, width = pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_BGR888
    return QPixmap.fromImage(QImage(pixels.data, width, height, pixels.strides[0], kind))


def still_icon(shown: QPixmap) -> QIcon:
    """An icon that looks the same in a selected row: a tinted picture would be a changed one."""
    made = QIcon(shown)
    made.addPixmap(shown, QIcon.Mode.Selected)
    return made
