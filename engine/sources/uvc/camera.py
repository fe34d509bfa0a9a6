"""USB cameras (UVC) through OpenCV: Video4Linux2 on Linux, Media Foundation or DirectShow on Windows.

On Linux a camera is known by its serial number, or by the USB socket where it has none. OpenCV tells neither names nor
serial numbers on Windows: there it is `uvc:0`, `uvc:1` … in the order the system lists them. Only the Linux side's
logic is tested, with a capture that lies as OpenCV's does; Windows was never run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Frame, Pixels, Value, utc_now
from engine.errors import (
    EnvironmentFailure,
    FrameIncomplete,
    FrameTimeout,
    SourceBusy,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.base import Capability, SourceInfo
from engine.sources.streams.mjpeg import decode_part
from engine.sources.uvc import v4l
from engine.sources.uvc.settings import V4L_UNITS, WINDOWS_UNITS, Capture, Units, UvcSettings

LOST_S = 2.0
"""So long without a new picture where one should have come is a loss."""
_LOOK_S = 1.0
_PAUSE_S = 0.02
_BUFFERS = 2
_OLDEST_S = 60.0
_SELECT = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"
_MOST_INDEXES = 8


@dataclass(frozen=True, slots=True)
class System:
    """What differs between operating systems, and what the tests stand in for."""

    capture: Callable[[int, int], Capture]
    backends: tuple[int, ...]
    wait: Callable[[Capture, float], bool]
    """Whether a picture is there, after some seconds at most; True where that cannot be asked."""
    devices: Callable[[], list[v4l.Device]]
    limits: Callable[[v4l.Device], v4l.ControlLimits]
    units: Units
    listed: bool
    """True: a device that is not in `devices` is not there. False: devices are known by number only."""


class UvcSource:
    """Pictures of a USB camera: H×W grey or H×W×3 BGR uint8, H×W uint16 for Y10 and Y16.

    Motion JPEG is decoded here, so that one that arrived in part is FrameIncomplete and not half grey. OpenCV does not
    say what the driver dropped: the sequence counts the pictures that arrived. The time stamp of V4L2 is this
    machine's monotonic clock at the start of the transfer, and dates the frame.
    """

    free_running = True
    live = True
    skipped = 0
    total = None

    def __init__(self, key: str, system: System) -> None:
        self._key, self._system = key, system
        self._device: v4l.Device | None = None
        self._capture: Capture | None = None
        self._settings: UvcSettings | None = None
        self._words = f"uvc {key}"
        self._reset()

    def _reset(self) -> None:
        self._sequence = 0
        self._stamp = 0.0
        self._last: NDArray[Any] | None = None
        self._failing = self._repeating = self._looked = 0.0

    @property
    def uri(self) -> str:
        """`uvc:` and the serial number, `@` and the USB socket, or a number."""
        return f"uvc:{self._key}"

    @property
    def description(self) -> str:
        """`uvc HD Webcam 1280×720 30 fps`; what it was opened by while closed."""
        return self._words

    def open(self) -> None:
        """Find and open the camera. Raises SourceNotFound, SourceBusy, UsageError when the name fits several, and
        EnvironmentFailure where this user may not open cameras."""
        self.close()
        device = find(self._key, self._system.devices()) if self._system.listed else v4l.Device(_index(self._key), "")
        # Seconds; OpenCV looks at it once.
        os.environ.setdefault(_SELECT, "1")
        capture = self._first_open(device)
        if capture is None:
            raise _closed_off(device, self._system.listed)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, _BUFFERS)
        limits = self._system.limits(device)
        self._device, self._capture = device, capture
        self._settings = UvcSettings(capture, self._system.units, limits)
        self._settings.raw()
        self._reset()
        self._describe()

    def _first_open(self, device: v4l.Device) -> Capture | None:
        for backend in self._system.backends:
            capture = self._system.capture(device.index, backend)
            if capture.isOpened():
                return capture
            capture.release()
        return None

    def _describe(self) -> None:
        capture, device, _settings = self._opened()
        width, height = (round(capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        rate = capture.get(cv2.CAP_PROP_FPS)
        words = f"uvc {device.name or self._key} {width}×{height}"
        self._words = f"{words} {rate:g} fps" if 0 < rate < 1000 else words

    def _opened(self) -> tuple[Capture, v4l.Device, UvcSettings]:
        if self._capture is None or self._device is None or self._settings is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        return self._capture, self._device, self._settings

    def read(self, timeout: float) -> Frame:
        """The next picture. Raises FrameTimeout, FrameIncomplete for a torn JPEG, and SourceLost when the camera was
        unplugged, fails or repeats its last picture for LOST_S."""
        capture, _device, settings = self._opened()
        now = time.monotonic()
        if now - self._looked > _LOOK_S:
            self._looked = now
            self.check()
        try:
            arrived = self._system.wait(capture, timeout)
            grabbed = arrived and capture.grab()
        except cv2.error:
            arrived, grabbed = True, False
        if not arrived:
            self.check()
            raise FrameTimeout("No picture came in time.")
        if not grabbed:
            self._failed(now)
        stamp = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        ok, data = capture.retrieve()
        if not ok or data is None or data.size == 0:
            self._failed(now)
        self._failing = 0.0
        self._refuse_repeated(data, stamp, now)
        sequence, self._sequence = self._sequence, self._sequence + 1
        return self._frame(data, stamp, sequence, settings.pixel_format())

    def _frame(self, data: NDArray[Any], stamp: float, sequence: int, code: str) -> Frame:
        try:
            pixels = _pixels(data, code)
        except FrameIncomplete as error:
            error.sequence = sequence
            raise
        taken = utc_now()
        age = time.monotonic() - stamp
        exposed: datetime | None = None
        if self._system.units.v4l and stamp > 0 and 0 <= age < _OLDEST_S:
            taken = exposed = taken - timedelta(seconds=age)
        bits = 10 if code == "Y10" and pixels.dtype == np.uint16 else 0
        device_ns = round(stamp * 1e9) if stamp > 0 else 0
        return Frame(pixels, self.uri, sequence, taken, bits=bits, device_ns=device_ns, exposed_at=exposed)

    def _failed(self, now: float) -> NoReturn:
        self.check()
        self._failing = self._failing or now
        if now - self._failing >= LOST_S:
            raise SourceLost("The USB camera gives no pictures any more.", "Check its cable, or plug it in again.")
        time.sleep(_PAUSE_S)
        raise FrameTimeout("The camera gave no picture.")

    def _refuse_repeated(self, data: NDArray[Any], stamp: float, now: float) -> None:
        """The same stamp, or where there is none the same bytes, is the last picture once more: it went away."""
        last, before = self._last, self._stamp
        self._last, self._stamp = data, stamp
        same = stamp == before if stamp > 0 and before > 0 else last is not None and np.array_equal(last, data)
        if not same:
            self._repeating = 0.0
            return
        self.check()
        self._repeating = self._repeating or now
        if now - self._repeating >= LOST_S:
            raise SourceLost(
                "The USB camera repeats its last picture.", "Plug it in again, and see that its lens is not covered."
            )
        time.sleep(_PAUSE_S)
        raise FrameTimeout("The camera repeated its last picture.")

    def trigger(self) -> None:
        """USB cameras of this class have no trigger. Raises UnsupportedProperty."""
        raise UnsupportedProperty("This source is not triggered.", "Choose a camera with a software trigger.")

    def get(self, name: str) -> Value:
        """The value now. Raises UnsupportedProperty."""
        return self._opened()[2].get(name)

    def set(self, name: str, value: Value) -> None:
        """Change a setting and read it back. Raises UnsupportedProperty when the camera did not take it."""
        self._opened()[2].set(name, value)
        self._stamp, self._last = 0.0, None
        self._describe()

    def caps(self) -> tuple[Capability, ...]:
        """What this camera can be told; empty while closed."""
        return () if self._settings is None else self._settings.caps()

    def check(self) -> None:
        """Whether it is still there, by the system's list: another one may have taken its number. Raises SourceLost."""
        _capture, device, _settings = self._opened()
        if self._system.listed and device not in self._system.devices():
            raise SourceLost(f"The USB camera {device.name} was unplugged.", "Plug it in again.")

    def close(self) -> None:
        """Let go of the camera."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._settings = self._last = None


def _pixels(data: NDArray[Any], code: str) -> Pixels:
    """H×W or H×W×3. Raises FrameIncomplete for what is neither a picture nor a whole JPEG."""
    if code in ("MJPG", "JPEG") and data.dtype == np.uint8 and (data.ndim == 1 or 1 in data.shape[:2]):
        return decode_part(data.tobytes())
    plain = data[:, :, 0] if data.ndim == 3 and data.shape[2] == 1 else data
    if plain.ndim == 2 and plain.dtype == np.uint16:
        return np.ascontiguousarray(plain, np.uint16)
    if plain.dtype != np.uint8 or not (plain.ndim == 2 or (plain.ndim == 3 and plain.shape[2] == 3)):
        raise FrameIncomplete("The camera's picture is of a kind that is not understood.")
    return np.ascontiguousarray(plain, np.uint8)


# ── which camera ─────────────────────────────────────────────────────────────────────────────────────────────────────
def key_of(device: v4l.Device, among: list[v4l.Device]) -> str:
    """What names this camera best: vendor, product and serial; the socket where others have the same or it has none."""
    if device.identity and sum(other.identity == device.identity for other in among) == 1:
        return device.identity
    return f"@{device.port}" if device.port else str(device.index)


def find(key: str, among: list[v4l.Device]) -> v4l.Device:
    """The one camera of this name. Raises SourceNotFound, and UsageError when it fits several."""
    fitting = [device for device in among if key in (key_of(device, among), device.identity, f"@{device.port}")]
    fitting = fitting or [device for device in among if device.serial and device.serial == key]
    fitting = fitting or [device for device in among if str(device.index) == key]
    if not fitting:
        raise SourceNotFound(f"The USB camera {key} is not there.", "Plug it in, or choose another in the list.")
    if len(fitting) > 1:
        names = ", ".join(f"uvc:@{device.port}" for device in fitting)
        raise UsageError(f"{len(fitting)} cameras have the serial number {key}.", f"Name one by its socket: {names}.")
    return fitting[0]


def _index(key: str) -> int:
    if not key.isdecimal() or len(key) > 3:
        raise SourceNotFound(
            f"The USB camera {key} cannot be found by name on this system.", "Use its number, as in uvc:0."
        )
    return int(key)


def _closed_off(device: v4l.Device, listed: bool) -> EnvironmentFailure:
    node = v4l.NODES / f"video{device.index}"
    if not listed:
        return SourceNotFound(f"There is no USB camera {device.index}.", "Plug it in, or try another number.")
    if node.exists() and not os.access(node, os.R_OK | os.W_OK):
        return EnvironmentFailure(f"This user may not open {node}.", "Add the user to the group video.")
    return SourceBusy(f"The USB camera {device.name} cannot be opened.", "Close the program that uses it.")


# ── this machine ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _open_capture(index: int, backend: int) -> Capture:
    return cv2.VideoCapture(index, backend)


def _wait(capture: Capture, timeout: float) -> bool:
    """V4L2 alone can be waited for; the first time this starts the camera, which takes as long as it takes."""
    assert isinstance(capture, cv2.VideoCapture)
    ready, _which = cv2.VideoCapture.waitAny([capture], max(1, round(timeout * 1e9)))
    return bool(ready)


def this_system() -> System:
    """Linux, or whatever this is."""
    platform: str = sys.platform
    if platform == "linux":
        return System(_open_capture, (cv2.CAP_V4L2,), _wait, v4l.devices, v4l.limits, V4L_UNITS, True)
    return System(
        _open_capture,
        (cv2.CAP_MSMF, cv2.CAP_DSHOW) if platform == "win32" else (cv2.CAP_ANY,),
        lambda _capture, _timeout: True,
        list,
        lambda _device: v4l.ControlLimits(),
        WINDOWS_UNITS,
        False,
    )


def source(rest: str) -> UvcSource:
    """The source behind `uvc:`. Raises UsageError when nothing is named."""
    key = rest.strip()
    if not key:
        raise UsageError("uvc: names no camera.", "Choose one in the list, or write uvc:0 for the first one.")
    return UvcSource(key, this_system())


def cameras() -> list[SourceInfo]:
    """Every USB camera here; on Linux without opening any."""
    system = this_system()
    if not system.listed:
        return [_numbered(index) for index in range(_MOST_INDEXES) if _opens(system, index)]
    found = system.devices()
    return [
        SourceInfo(
            f"uvc:{key_of(device, found)}",
            f"{device.name}, USB {device.port}" if device.port else device.name,
            "uvc",
            device.serial,
            True,
        )
        for device in found
    ]


def _numbered(index: int) -> SourceInfo:
    return SourceInfo(f"uvc:{index}", f"USB camera {index}", "uvc", "", True)


def _opens(system: System, index: int) -> bool:
    capture = system.capture(index, system.backends[0])
    opened = capture.isOpened()
    capture.release()
    return opened
