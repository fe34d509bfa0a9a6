"""Network streams as a source: RTSP (H.264, H.265, JPEG) and Motion JPEG over HTTP; the newest picture counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Condition, Thread
from typing import Protocol

from engine.domain.inspection import Frame, Pixels, utc_now
from engine.errors import FrameIncomplete, FrameTimeout, LinesideError, SourceLost, UsageError
from engine.sources.address import Address, parse
from engine.sources.base import NoSettings, SourceInfo
from engine.sources.streams.mjpeg import MjpegConnection
from engine.sources.streams.pace import LATE_S, StreamPace
from engine.sources.streams.rtsp import RtspConnection

STALL_S = 2.0
"""A stream without a new picture for so long is lost: it must be opened again to be new again."""
FIRST_S = 6.0
"""What the first picture may take while opening: H.264 is decodable from its next key frame on."""
_JOIN_S = 5.0


class Connection(Protocol):
    """One connection to a camera; used by one thread, but for `abort`."""

    size: tuple[int, int]
    """Height and width in pixels; (0, 0) = not known before the first picture."""
    rate: float
    """Pictures a second as stated; 0 = not stated."""

    def grab(self) -> tuple[float, float | None]:
        """Wait for the next picture: when it came (monotonic) and its own time stamp, in seconds. Raises SourceLost."""
        ...

    def pixels(self) -> Pixels:
        """The picture grabbed last. Raises FrameIncomplete for a damaged one."""
        ...

    def abort(self) -> None:
        """Have a waiting `grab` give up, where that is possible; from any thread."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class StreamSource(NoSettings):
    """Pictures of a network camera, H×W or H×W×3 BGR uint8, by a thread that always takes the newest.

    Its `uri` never shows the password. A backlog, as it comes after a pause on the network, is thrown away unseen.
    The sequence counts the pictures that arrived; what was lost before cannot be known. Streams of less than one
    picture in two seconds are not for this source.
    """

    free_running = True
    total = None

    def __init__(self, address: Address, connect: Callable[[Address], Connection]) -> None:
        self._address = address
        self._connect = connect
        self._changed = Condition()
        self._thread: Thread | None = None
        self._connection: Connection | None = None
        self._reset()

    def _reset(self) -> None:
        self._frame: Frame | None = None
        self._damaged: FrameIncomplete | None = None
        self._failure: BaseException | None = None
        self._running = False
        self._sequence = self._skipped = 0
        self._size, self._rate = (0, 0), 0.0
        self._due = 0.0

    @property
    def uri(self) -> str:
        """The address with `***` for the password; it opens again where LINESIDE_STREAM_PASSWORD holds it."""
        return self._address.shown

    @property
    def description(self) -> str:
        """`rtsp 192.168.0.20 1280×720 25 fps`; size and rate once they are known."""
        height, width = self._size
        size = f" {width}×{height}" if height else ""
        return f"{self._address.scheme} {self._address.host}{size}" + (f" {self._rate:g} fps" if self._rate else "")

    @property
    def live(self) -> bool:
        """It is a camera."""
        return True

    @property
    def skipped(self) -> int:
        """Pictures that came and were not read, or came too late to be of use."""
        with self._changed:
            return self._skipped

    def open(self) -> None:
        """Connect and receive a first picture. Raises SourceNotFound when nothing answers or none is to be had there,
        SourceLost when none comes, InputError when the camera refuses the user or sends something else."""
        self.close()
        connection = self._connect(self._address)
        with self._changed:
            self._reset()
            self._connection = connection
            self._size, self._rate = connection.size, connection.rate
            self._due = time.monotonic() + FIRST_S + STALL_S
            self._running = True
            self._thread = Thread(target=self._receive, args=(connection,), name="stream", daemon=True)
            self._thread.start()
            self._changed.wait_for(lambda: self._frame or self._damaged or not self._running, FIRST_S)
            begun, failure = self._frame or self._damaged, self._failure
        if begun is None:
            self.close()
            words = f"The camera at {self._address.host} answers but no picture arrives."
            raise failure or SourceLost(words, "Check the camera's settings and the network.")

    def read(self, timeout: float) -> Frame:
        """The newest picture not read yet. Raises FrameTimeout, FrameIncomplete, and SourceLost when the connection
        ended or brought nothing new for STALL_S."""
        if self._thread is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        with self._changed:
            self._changed.wait_for(lambda: self._frame or self._damaged or not self._running, timeout)
            damaged, self._damaged = self._damaged, None
            if damaged is not None:
                raise damaged
            frame, self._frame = self._frame, None
            if frame is not None:
                return frame
        self.check()
        raise FrameTimeout("No picture came in time.")

    def check(self) -> None:
        """Raises SourceLost when the connection ended or brings nothing new."""
        with self._changed:
            if self._failure is not None:
                raise self._failure
            if self._running and time.monotonic() > self._due:
                raise SourceLost(
                    f"The stream from {self._address.host} stands still.", "Check the camera and the network."
                )

    def close(self) -> None:
        """Hang up; at once, but for an RTSP camera that stands still: that takes up to READ_S."""
        with self._changed:
            self._running = False
            self._frame = self._damaged = None
        if self._connection is not None:
            self._connection.abort()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
        self._connection = self._thread = None

    # ── on the thread ────────────────────────────────────────────────────────────────────────────────────────────
    def _receive(self, connection: Connection) -> None:
        pace = StreamPace()
        try:
            while self._running:
                self._take(connection, pace)
        except LinesideError as error:
            self._failure = error
        except Exception as error:
            # A bug of ours: it is handed to the reader, which stops the station visibly.
            self._failure = error
        finally:
            connection.close()
            with self._changed:
                self._running = False
                self._changed.notify_all()

    def _take(self, connection: Connection, pace: StreamPace) -> None:
        arrival, stamp = connection.grab()
        sequence, self._sequence = self._sequence, self._sequence + 1
        late = pace.late(arrival, stamp)
        if late is None or late > LATE_S:
            with self._changed:
                self._skipped += 1
            return
        try:
            pixels = connection.pixels()
        except FrameIncomplete as error:
            error.sequence = sequence
            with self._changed:
                self._damaged = error
                self._changed.notify_all()
            return
        since = time.monotonic() - arrival + late
        device_ns = 0 if stamp is None else round(stamp * 1e9)
        taken = utc_now() - timedelta(seconds=since)
        frame = Frame(pixels, self.uri, sequence, taken, device_ns=device_ns)
        with self._changed:
            if not self._running:
                return
            self._skipped += self._frame is not None
            self._frame, self._size = frame, frame.size
            self._due = time.monotonic() + STALL_S
            self._changed.notify_all()


def source(uri: str) -> StreamSource:
    """The source behind a whole address, `rtsp://…`, `rtsps://…`, `http://…` or `https://…`. Raises UsageError."""
    address = parse(uri)
    return StreamSource(address, RtspConnection if address.scheme.startswith("rtsp") else MjpegConnection)


def cameras() -> list[SourceInfo]:
    """None: a network stream is known by its address alone."""
    return []
