"""A video file as a source: every frame, in order, as fast as it is read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from engine.domain.inspection import Frame, Pixels, utc_now
from engine.errors import InputError, SourceEnded, UsageError
from engine.sources.base import NoSettings

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".avi", ".mkv", ".mov", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm", ".ts", ".mjpg", ".mjpeg")
)
_PLAUSIBLE_FRAMES = 100_000_000


class VideoSource(NoSettings):
    """Every frame of a video file as H×W×3 BGR uint8, unrotated; a truncated file says how far it came."""

    free_running = False
    skipped = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture: cv2.VideoCapture | None = None
        self._first: Pixels | None = None
        self._next = 0
        self._total: int | None = None
        self._rate = 0.0

    @property
    def uri(self) -> str:
        """`video:` and the path, unquoted."""
        return f"video:{self._path}"

    @property
    def description(self) -> str:
        """`video run7.mp4 1280×1024 25 fps`; only the name before the first `open`."""
        if self._first is None:
            return f"video {self._path.name}"
        height, width = self._first.shape[:2]
        return f"video {self._path.name} {width}×{height} {self._rate:g} fps"

    @property
    def total(self) -> int | None:
        """The frame count the file claims, when it is plausible; None while closed."""
        return self._total

    def open(self) -> None:
        """Decode the first frame. Raises InputError when the file is missing or no frame of it can be read."""
        self.close()
        if not self._path.is_file():
            raise InputError(f"There is no video {self._path}.", "Check the path, and that its drive is connected.")
        # FFmpeg by name: any other back end would take a `%03d` in the path for a numbered series of pictures.
        capture = cv2.VideoCapture(str(self._path.absolute()), cv2.CAP_FFMPEG)
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
        ok, first = capture.read() if capture.isOpened() else (False, None)
        if not ok or first is None:
            capture.release()
            raise InputError(
                f"The video {self._path} cannot be decoded.", "Check that it plays, or convert it to MP4 with H.264."
            )
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._total = int(count) if 1 <= count <= _PLAUSIBLE_FRAMES else None
        self._rate = round(float(capture.get(cv2.CAP_PROP_FPS)), 2)
        self._capture, self._first, self._next = capture, np.asarray(first, np.uint8), 0

    def read(self, timeout: float) -> Frame:  # noqa: ARG002 - a file never keeps one waiting
        """The next frame. Raises SourceEnded after the last one, and tells when the file claimed more."""
        if self._capture is None or self._first is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        ok, pixels = (True, self._first) if self._next == 0 else self._capture.read()
        if not ok or pixels is None:
            raise self._ended()
        frame = Frame(np.asarray(pixels, np.uint8), self.uri, self._next, utc_now())
        self._next += 1
        return frame

    def _ended(self) -> SourceEnded:
        if self._total is not None and self._next < self._total:
            return SourceEnded(
                f"The video {self._path} ended after {self._next} of {self._total} frames.",
                "It may be truncated: check that the file is complete.",
            )
        return SourceEnded(f"All {self._next} frames of {self._path} were read.")

    def close(self) -> None:
        """Release the decoder; the next `open` starts from the first frame."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._first = self._total = None
