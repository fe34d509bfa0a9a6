"""Basler's cameras (GigE, USB3, and pylon's emulated ones) through pypylon: `basler:SERIAL`.

A call into the library may wait for seconds on a camera that was unplugged: this source belongs in a process that can
be killed (engine.sources.process.source).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import numpy as np
from pypylon import genicam, pylon

from engine.domain.inspection import Frame, Value, utc_now
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    SourceBusy,
    SourceLost,
    SourceNotFound,
    UsageError,
)
from engine.sources.base import Capability, SourceInfo, unknown
from engine.sources.genicam.device_clock import DeviceClock
from engine.sources.genicam.gige import FrameIds
from engine.sources.genicam.nodes import choose
from engine.sources.genicam.pixel_formats import name_of, unpack
from engine.sources.genicam.pylon_nodes import PylonNodes
from engine.sources.genicam.settings import GenicamSettings

log = logging.getLogger(__name__)

_BUFFERS = 16
_BUFFER_BYTES = 256 * 1024 * 1024
_HEARTBEAT_MS = 3000
_NO_NUMBER = (1 << 64) - 1
_NOT_SAID = "N/A"
_BUSY_WORDS = ("controlled by another", "exclusively opened", "already opened", "access denied", "in use")


def source(rest: str) -> BaslerSource:
    """The camera behind `basler:`: its serial number, or the name its user gave it. Raises UsageError without one."""
    if not rest.strip():
        raise UsageError("basler: names no camera.", "Write its serial number behind the colon, as `sources` lists it.")
    return BaslerSource(rest.strip())


def cameras() -> list[SourceInfo]:
    """Every camera pylon sees now; emulated ones are among them where PYLON_CAMEMU says how many."""
    found: dict[str, SourceInfo] = {}
    for info in pylon.TlFactory.GetInstance().EnumerateDevices():
        serial = _word(info.GetSerialNumber())
        if serial:
            words = f"{_word(info.GetVendorName())} {_word(info.GetModelName())} {serial}"
            found.setdefault(serial, SourceInfo(f"basler:{serial}", words, "basler", serial, camera=True))
    return list(found.values())


class BaslerSource:
    """One camera behind pylon; not for more than one thread at a time."""

    live = True
    total = None

    def __init__(self, name: str) -> None:
        self._name = name
        self._camera: Any = None
        self._settings: GenicamSettings | None = None
        self._label = ""
        self._ids, self._clock = FrameIds(), DeviceClock()
        self._last, self._ns_per_tick = -1, 1.0
        self.skipped = 0
        """Frames the camera numbered and that never came; 0 under a trigger."""

    @property
    def uri(self) -> str:
        """`basler:` and what the camera goes by."""
        return f"basler:{self._name}"

    @property
    def description(self) -> str:
        """`Basler acA1920-40gm 12345678 1920×1200`; only the name while closed."""
        return f"Basler {self._label or self._name}"

    @property
    def free_running(self) -> bool:
        """True unless each picture waits for a trigger."""
        return self._settings is None or not self._settings.triggered()

    # ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────
    def open(self) -> None:
        """Connect, and read what it can. Raises SourceNotFound, SourceBusy, SourceLost."""
        self.close()
        try:
            with _losing("The camera cannot be opened."):
                self._connect()
                self._prepare()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        factory = pylon.TlFactory.GetInstance()
        names = [(info, _names(info)) for info in factory.EnumerateDevices()]
        info = next((info for info, known in names if self._name in known), None)
        if info is None:
            raise SourceNotFound(f"There is no Basler camera {self._name}.", "Check its power and its cable.")
        self._label = f"{_word(info.GetModelName())} {_word(info.GetSerialNumber())}".strip()
        try:
            self._camera = pylon.InstantCamera(factory.CreateDevice(info))
            # pylon's own configuration would switch the trigger off at every opening.
            self._camera.RegisterConfiguration(
                pylon.ConfigurationEventHandler(), pylon.RegistrationMode_ReplaceAll, pylon.Cleanup_Delete
            )
            self._camera.Open()
        except genicam.GenericException as error:
            if any(words in str(error).lower() for words in _BUSY_WORDS):
                log.info("pylon refuses %s: %s", self._name, error)
                raise SourceBusy(f"Another program holds the camera {self._name}.", "Close that program.") from error
            raise

    def _prepare(self) -> None:
        nodes = PylonNodes(self._camera.GetNodeMap(), self.check)
        transport = PylonNodes(self._camera.GetTLNodeMap(), self.check)
        if transport.has("HeartbeatTimeout") and transport.writable("HeartbeatTimeout"):
            # So long the camera stays taken when this process is killed.
            transport.set("HeartbeatTimeout", _HEARTBEAT_MS)
        choose(nodes, "ChunkModeActive", False)
        self._settings = GenicamSettings(nodes)
        self._settings.prepare()
        self._ns_per_tick = 1.0
        if nodes.has("GevTimestampTickFrequency"):
            self._ns_per_tick = 1e9 / max(1.0, float(nodes.get("GevTimestampTickFrequency")))
        self._label += f" {nodes.get('Width')}×{nodes.get('Height')}"
        self._ids, self._clock, self._last, self.skipped = FrameIds(), DeviceClock(), -1, 0

    def close(self) -> None:
        """Stop and disconnect. What the library then says of a camera that is gone is only logged."""
        camera, self._camera, self._settings, self._label = self._camera, None, None, ""
        for act in () if camera is None else (camera.StopGrabbing, camera.Close, camera.DestroyDevice):
            try:
                act()
            except genicam.GenericException as error:
                log.info("closing the camera: %s", error)

    # ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, timeout: float) -> Frame:
        """The next frame; starts the camera where it rests.

        Raises FrameTimeout, FrameIncomplete, SourceLost; UnsupportedProperty for a pixel format nobody can read.
        """
        camera = self._started()
        with _losing("The camera does not answer."):
            result = camera.RetrieveResult(max(1, round(timeout * 1000)), pylon.TimeoutHandling_Return)
            arrived = utc_now()
            if not result.IsValid():
                self.check()
                raise FrameTimeout("The camera sent no picture within the time given.")
            try:
                return self._frame(result, arrived)
            finally:
                result.Release()

    def _started(self) -> Any:
        camera = self._camera
        if camera is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        with _losing("The camera does not start."):
            if not camera.IsGrabbing():
                self.check()
                payload = max(1, int(camera.GetNodeMap().GetNode("PayloadSize").GetValue()))
                camera.MaxNumBuffer.SetValue(min(_BUFFERS, max(3, _BUFFER_BYTES // payload)))
                self._ids.restart()
                camera.StartGrabbing(pylon.GrabStrategy_OneByOne)
        return camera

    def _frame(self, result: Any, arrived: datetime) -> Frame:
        number = int(result.GetBlockID())
        number = self._last + 1 if number == _NO_NUMBER else number
        if not result.GrabSucceeded():
            self._last = self._ids.damaged(number)
            log.info("pylon: %s (0x%X)", result.GetErrorDescription(), result.GetErrorCode())
            raise FrameIncomplete(
                "A part of the picture got lost on the way.", "Check cable, packet size and load.", self._last
            )
        sequence = self._ids.take(number)
        if self._last >= 0 and self.free_running:
            self.skipped += max(0, sequence - self._last - 1)
        self._last = sequence
        form = name_of(int(result.GetPixelType()) & 0xFFFFFFFF)
        # A copy of its own: what `unpack` makes of it may be a view.
        data = np.frombuffer(result.GetBuffer(), np.uint8)
        padding = int(result.GetPaddingX())
        pixels, bits, bayer = unpack(data, int(result.GetWidth()), int(result.GetHeight()), form, padding=padding)
        device_ns = round(int(result.GetTimeStamp()) * self._ns_per_tick)
        exposed = self._clock.host_time(device_ns, arrived)
        return Frame(
            pixels, self.uri, sequence, arrived, bits=bits, bayer=bayer, device_ns=device_ns, exposed_at=exposed
        )

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────
    def trigger(self) -> None:
        """One software trigger, given when the camera is ready for it. Raises UnsupportedProperty unless `trigger` is
        `software`."""
        self._started()
        self._opened("trigger").fire()

    def get(self, name: str) -> Value:
        """The value the camera has now. Raises UnsupportedProperty."""
        return self._opened(name).get(name)

    def set(self, name: str, value: Value) -> None:
        """Set it; the camera rests for what it takes only then, until the next read or trigger."""
        settings = self._opened(name)
        if settings.needs_rest(name):
            with _losing("The camera does not stop."):
                self._camera.StopGrabbing()
        settings.set(name, value)

    def caps(self) -> tuple[Capability, ...]:
        """Every setting the camera has now; none while closed."""
        return () if self._settings is None else self._settings.caps()

    def check(self) -> None:
        """Raises SourceLost where pylon's heartbeat found the camera gone."""
        if self._camera is not None and self._camera.IsCameraDeviceRemoved():
            raise SourceLost("The camera is gone.", "Check its power and its cable.")

    def _opened(self, name: str) -> GenicamSettings:
        if self._settings is None:
            unknown(name)
        return self._settings


# ── the library's ways ───────────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def _losing(message: str) -> Iterator[None]:
    """Whatever pylon says against it, the camera is as good as gone."""
    try:
        yield
    except genicam.GenericException as error:
        log.info("%s %s", message, error)
        raise SourceLost(message, "Check its power and its cable.") from error


def _word(text: str) -> str:
    """One word of a device, cut to a line; empty where pylon has none."""
    return "" if text == _NOT_SAID else " ".join(text.split())[:100]


def _names(info: Any) -> tuple[str, ...]:
    return tuple(word for word in (_word(info.GetSerialNumber()), _word(info.GetUserDefinedName())) if word)
