"""What every camera with a GenICam node map is as a source, whichever library holds it.

A library's class (harvesters, pylon, Aravis) connects, starts, fetches and lets go in the library's own way; numbers,
times, pixels and settings are the same for all and stand here.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engine.domain.inspection import Frame, Value
from engine.errors import FrameIncomplete, SourceLost, UsageError
from engine.sources.base import Capability, unknown
from engine.sources.genicam.device_clock import DeviceClock
from engine.sources.genicam.gige import FrameIds
from engine.sources.genicam.nodes import Nodes
from engine.sources.genicam.pixel_formats import Bytes, unpack
from engine.sources.genicam.settings import GenicamSettings

log = logging.getLogger(__name__)

_BUFFERS = 16
_BUFFER_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Image:
    """One picture as a library hands it over, before its pixels are unpacked."""

    data: Bytes
    width: int
    height: int
    form: str
    """Its pixel format by the name of engine.sources.genicam.pixel_formats."""
    padding: int
    """Bytes behind each row."""
    borrowed: bool = False
    """`data` is the library's, which fills it again: no pixels may be a view of it."""


class GenicamCamera(ABC):
    """One camera behind a library; not for more than one thread at a time.

    Left to the library's class: `_connect` (which ends with `_prepare`), `read`, `_start`, `_rest`, `check`, `close`.
    """

    live = True
    total = None

    def __init__(self, scheme: str, kind: str, name: str, options: str = "") -> None:
        self._uri, self._kind, self._name = f"{scheme}:{name}{options}", kind, name
        self._label = ""
        """What it is called on screen, once it has said so."""
        self._settings: GenicamSettings | None = None
        self._ids, self._clock = FrameIds(), DeviceClock()
        self._last, self._skipped = -1, 0

    @property
    def uri(self) -> str:
        """The scheme and what the camera goes by, with the options it was made with."""
        return self._uri

    @property
    def description(self) -> str:
        """`Basler acA1920-40gm 12345678 1920×1200`; only the name before it said more."""
        return f"{self._kind} {self._label or self._name}"

    @property
    def free_running(self) -> bool:
        """True unless each picture waits for a trigger."""
        return self._settings is None or not self._settings.triggered()

    @property
    def skipped(self) -> int:
        """Frames the camera numbered and that never came; 0 under a trigger."""
        return self._skipped

    # ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────
    def open(self) -> None:
        """Connect, and read what it can. Raises SourceNotFound, SourceBusy, SourceLost; UnsupportedProperty for a
        device that is no camera; EnvironmentFailure where something of the library's is not installed."""
        self.close()
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _connect(self) -> None:
        """Get hold of the device and `_prepare` its nodes; what fails is let go of by `close`."""

    def _prepare(self, nodes: Nodes) -> None:
        self._settings = GenicamSettings(nodes)
        self._settings.prepare()
        self._ids, self._clock, self._last, self._skipped = FrameIds(), DeviceClock(), -1, 0

    @abstractmethod
    def close(self) -> None:
        """Stop and disconnect. What the library then says of a camera that is gone is only logged."""

    # ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────
    @abstractmethod
    def read(self, timeout: float) -> Frame:
        """The next frame; starts the camera where it rests.

        Raises FrameTimeout, FrameIncomplete, SourceLost; UnsupportedProperty for a pixel format nobody can read.
        """

    @abstractmethod
    def _start(self) -> None:
        """Have it send, where it rests."""

    @abstractmethod
    def _rest(self) -> None:
        """Have it send nothing, until the next `_start`."""

    def _numbered(self, device_id: int) -> int:
        """The sequence of a whole frame; what a free-running camera passed over before it was skipped."""
        sequence = self._ids.take(device_id)
        if self._last >= 0 and self.free_running:
            self._skipped += max(0, sequence - self._last - 1)
        self._last = sequence
        return sequence

    def _frame(
        self, image: Image, sequence: int, device_ns: int, captured_at: datetime, arrived: datetime | None = None
    ) -> Frame:
        """A frame of an image. `device_ns`: the device's stamp, 0 = none; `arrived`: where its first byte's time is
        known, `captured_at` else. Raises FrameIncomplete, UnsupportedProperty."""
        try:
            pixels, bits, bayer = unpack(image.data, image.width, image.height, image.form, padding=image.padding)
        except FrameIncomplete as error:
            raise FrameIncomplete(error.message, error.remedy, sequence) from error
        if image.borrowed and np.may_share_memory(pixels, image.data):
            pixels = pixels.copy()
        exposed_at = self._clock.host_time(device_ns, arrived or captured_at)
        return Frame(
            pixels,
            self.uri,
            sequence,
            captured_at,
            bits=bits,
            bayer=bayer,
            device_ns=device_ns,
            exposed_at=exposed_at,
        )

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────
    def trigger(self) -> None:
        """One software trigger, given when the camera is ready for it. Raises UnsupportedProperty unless `trigger` is
        `software`."""
        settings = self._opened()
        if settings.triggered():
            self._start()
        settings.fire()

    def get(self, name: str) -> Value:
        """The value the camera has now. Raises UnsupportedProperty."""
        return self._answering(name).get(name)

    def set(self, name: str, value: Value) -> None:
        """Set it; the camera rests for what it takes only then, until the next read or trigger."""
        settings = self._answering(name)
        if settings.needs_rest(name):
            self._rest()
        settings.set(name, value)

    def caps(self) -> tuple[Capability, ...]:
        """Every setting the camera has now; none while closed."""
        return () if self._settings is None else self._settings.caps()

    @abstractmethod
    def check(self) -> None:
        """A sign of life. Raises SourceLost where there is none."""

    def _opened(self) -> GenicamSettings:
        if self._settings is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        return self._settings

    def _answering(self, name: str) -> GenicamSettings:
        """The settings, where this one is about to be asked for or changed; a closed camera has none."""
        if self._settings is None:
            unknown(name)
        return self._settings


def buffers_for(payload: int, least: int = 3) -> int:
    """How many buffers a camera that sends so many bytes a picture is given."""
    return min(_BUFFERS, max(least, _BUFFER_BYTES // max(1, payload)))


def one_line(text: object) -> str:
    """A word of a device, cut to a line; empty where it has none."""
    return " ".join(str(text or "").split())[:100]


@contextmanager
def losing(failure: type[Exception], message: str) -> Iterator[None]:
    """Whatever a library says against it, the camera is as good as gone."""
    try:
        yield
    except failure as error:
        log.info("%s %s", message, error)
        raise SourceLost(message, "Check its power and its cable.") from error
