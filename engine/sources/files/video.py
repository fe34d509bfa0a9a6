"""A video file as a source: every frame, in order, as fast as it is read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Frame, utc_now
from engine.errors import EndedEarly, InputError, PictureError, SourceEnded, UsageError
from engine.images.decoding.fault import Undecodable
from engine.images.decoding.headers import JPEG_START, header_size
from engine.images.decoding.jpeg import decode_jpeg
from engine.names import name_of
from engine.sources.base import NoSettings
from engine.system.files import plain_path

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".avi", ".mkv", ".mov", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm", ".ts", ".mjpg", ".mjpeg")
)
COUNTED_SUFFIXES = frozenset((".avi", ".mp4", ".mov", ".m4v"))
"""Their header tells how many frames there are; of the others FFmpeg guesses it by their length."""
GUESS = 0.1
"""A guessed number may be so much too large, in shares of it: a sound track lasts longer than its pictures."""
_PLAUSIBLE_FRAMES = 100_000_000


class VideoSource(NoSettings):
    """Every frame of a video file as H×W×3 BGR uint8, unrotated; a truncated file says how far it came.

    Motion JPEG is decoded picture by picture as files are, so that a damaged frame is a bad picture and not half a
    part. Of other encodings FFmpeg mends what is damaged and does not tell.
    """

    free_running = False
    skipped = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture: cv2.VideoCapture | None = None
        self._ahead: NDArray[np.uint8] | None = None
        """What was read and not given yet: a frame, or where frames are JPEG its data."""
        self._jpegs = False
        self._size: tuple[int, int] | None = None
        self._next = self._whole = 0
        self._total: int | None = None
        self._rate = 0.0

    @property
    def uri(self) -> str:
        """`video:` and the path, unquoted, escaped as every name is."""
        return f"video:{name_of(self._path)}"

    @property
    def description(self) -> str:
        """`video run7.mp4 1280×1024 25 fps`; only the name while closed."""
        if self._size is None:
            return f"video {name_of(self._path.name)}"
        height, width = self._size
        return f"video {name_of(self._path.name)} {width}×{height} {self._rate:g} fps"

    @property
    def total(self) -> int | None:
        """The frame count the file claims, when it is plausible; None while closed."""
        return self._total

    def open(self) -> None:
        """Decode the first frame. Raises InputError when the file is missing or no frame of it can be read."""
        self.close()
        if not self._path.is_file():
            raise InputError(f"There is no video {self._path}.", "Check the path, and that its drive is connected.")
        capture, first = self._opened()
        if first is None:
            capture.release()
            raise InputError(
                f"The video {self._path} cannot be decoded.", "Check that it plays, or convert it to MP4 with H.264."
            )
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._total = int(count) if 1 <= count <= _PLAUSIBLE_FRAMES else None
        self._rate = round(float(capture.get(cv2.CAP_PROP_FPS)), 2)
        self._capture, self._ahead, self._size = capture, first, (first.shape[0], first.shape[1])
        self._next = self._whole = 0
        packets, packet = self._opened(-1)
        # Some cards write each half of the lines as a JPEG of its own: those only FFmpeg can put together.
        self._jpegs = packet is not None and _is_jpeg(packet, self._size)
        if self._jpegs:
            self._capture, self._ahead, packets = packets, packet, capture
        packets.release()

    def read(self, timeout: float) -> Frame:  # noqa: ARG002 - a file never keeps one waiting
        """The next frame. Raises PictureError for a damaged one, SourceEnded after the last one, and EndedEarly
        where the file claimed more."""
        if self._capture is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        ahead, self._ahead = self._ahead, None
        data = ahead if ahead is not None else _read(self._capture)
        if data is None:
            raise self._ended()
        self._next += 1
        pixels = self._decoded(data, self._capture) if self._jpegs else data
        self._whole = self._next
        return Frame(pixels, self.uri, self._next - 1, utc_now())

    def close(self) -> None:
        """Release the decoder; the next `open` starts from the first frame."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._ahead = self._total = self._size = None

    def _opened(self, kind: int | None = None) -> tuple[cv2.VideoCapture, NDArray[np.uint8] | None]:
        """A decoder and what it gives first; `kind` -1: frames as they are stored."""
        # FFmpeg by name: any other back end would take a `%03d` in the path for a numbered series of pictures.
        with plain_path(self._path) as place:
            capture = cv2.VideoCapture(place, cv2.CAP_FFMPEG)
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
        if kind is not None and not capture.set(cv2.CAP_PROP_FORMAT, kind):
            return capture, None
        return capture, _read(capture) if capture.isOpened() else None

    def _decoded(self, data: NDArray[np.uint8], capture: cv2.VideoCapture) -> NDArray[np.uint8]:
        try:
            pixels = decode_jpeg(data.tobytes())
        except Undecodable as fault:
            self._ahead = _read(capture)
            ended = self._ended()
            if self._ahead is None and isinstance(ended, EndedEarly):
                # Not a damaged frame, but where the file was cut.
                raise ended from fault
            message = f"Frame {self._next} of the video {self._path} is damaged."
            raise PictureError(message, "Record it again where it matters.", self.uri) from fault
        return pixels if pixels.ndim == 3 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)

    def _ended(self) -> SourceEnded:
        claimed = self._total or 0
        exact = self._path.suffix.lower() in COUNTED_SUFFIXES
        if claimed - self._next > (0 if exact else max(2, GUESS * claimed)):
            return EndedEarly(
                f"The video {self._path} ended after {self._whole} of {claimed} frames.",
                "It may be truncated: check that the file is complete.",
            )
        return SourceEnded(f"All {self._next} frames of {self._path} were read.")


def _read(capture: cv2.VideoCapture) -> NDArray[np.uint8] | None:
    done, data = capture.read()
    return np.asarray(data, np.uint8) if done and data is not None else None


def _is_jpeg(packet: NDArray[np.uint8], size: tuple[int, int]) -> bool:
    data = packet.tobytes()
    return data.startswith(JPEG_START) and header_size(data) == size
