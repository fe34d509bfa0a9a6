"""Basler's cameras (GigE, USB3, and pylon's emulated ones) through pypylon: `basler:SERIAL`.

A call into the library may wait for seconds on a camera that was unplugged: this source belongs in a process that can
be killed (engine.sources.process.source).
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from pypylon import genicam, pylon

from engine.domain.inspection import Frame, utc_now
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    SourceBusy,
    SourceLost,
    SourceNotFound,
    UsageError,
)
from engine.sources.base import SourceInfo
from engine.sources.genicam.camera import GenicamCamera, Image, buffers_for, losing, one_line
from engine.sources.genicam.nodes import choose
from engine.sources.genicam.pixel_formats import name_of
from engine.sources.genicam.pylon_nodes import PylonNodes

log = logging.getLogger(__name__)

_HEARTBEAT_MS = 3000
_NO_NUMBER = (1 << 64) - 1
_NOT_SAID = "N/A"
_BUSY_WORDS = ("controlled by another", "exclusively opened", "already opened", "access denied", "in use")
_losing = partial(losing, genicam.GenericException)


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


class BaslerSource(GenicamCamera):
    """One camera behind pylon."""

    def __init__(self, name: str) -> None:
        super().__init__("basler", "Basler", name)
        self._camera: Any = None
        self._ns_per_tick = 1.0

    # ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        with _losing("The camera cannot be opened."):
            self._take_hold()
            nodes = PylonNodes(self._camera.GetNodeMap(), self.check)
            self._keep_short(PylonNodes(self._camera.GetTLNodeMap(), self.check))
            choose(nodes, "ChunkModeActive", False)
            self._prepare(nodes)
            self._ns_per_tick = 1.0
            if nodes.has("GevTimestampTickFrequency"):
                self._ns_per_tick = 1e9 / max(1.0, float(nodes.get("GevTimestampTickFrequency")))
            self._label += f" {nodes.get('Width')}×{nodes.get('Height')}"

    def _take_hold(self) -> None:
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

    def _keep_short(self, transport: PylonNodes) -> None:
        """So long the camera stays taken when this process is killed."""
        if transport.has("HeartbeatTimeout") and transport.writable("HeartbeatTimeout"):
            transport.set("HeartbeatTimeout", _HEARTBEAT_MS)

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
        self._start()
        with _losing("The camera does not answer."):
            result = self._camera.RetrieveResult(max(1, round(timeout * 1000)), pylon.TimeoutHandling_Return)
            arrived = utc_now()
            if not result.IsValid():
                self.check()
                raise FrameTimeout("The camera sent no picture within the time given.")
            try:
                return self._result(result, arrived)
            finally:
                result.Release()

    def _start(self) -> None:
        self._opened()
        with _losing("The camera does not start."):
            if not self._camera.IsGrabbing():
                self.check()
                payload = int(self._camera.GetNodeMap().GetNode("PayloadSize").GetValue())
                self._camera.MaxNumBuffer.SetValue(buffers_for(payload))
                self._ids.restart()
                self._camera.StartGrabbing(pylon.GrabStrategy_OneByOne)

    def _rest(self) -> None:
        with _losing("The camera does not stop."):
            self._camera.StopGrabbing()

    def _result(self, result: Any, arrived: datetime) -> Frame:
        number = int(result.GetBlockID())
        number = self._last + 1 if number == _NO_NUMBER else number
        if not result.GrabSucceeded():
            self._last = self._ids.damaged(number)
            log.info("pylon: %s (0x%X)", result.GetErrorDescription(), result.GetErrorCode())
            raise FrameIncomplete(
                "A part of the picture got lost on the way.", "Check cable, packet size and load.", self._last
            )
        image = Image(
            # A copy of its own: what is unpacked of it may be a view.
            np.frombuffer(result.GetBuffer(), np.uint8),
            int(result.GetWidth()),
            int(result.GetHeight()),
            name_of(int(result.GetPixelType()) & 0xFFFFFFFF),
            int(result.GetPaddingX()),
        )
        return self._frame(
            image, self._numbered(number), round(int(result.GetTimeStamp()) * self._ns_per_tick), arrived
        )

    def check(self) -> None:
        """Raises SourceLost where pylon's heartbeat found the camera gone."""
        if self._camera is not None and self._camera.IsCameraDeviceRemoved():
            raise SourceLost("The camera is gone.", "Check its power and its cable.")


# ── the library's ways ───────────────────────────────────────────────────────────────────────────────────────────
def _word(text: str) -> str:
    """One word of a device, cut to a line; empty where pylon has none."""
    return "" if text == _NOT_SAID else one_line(text)


def _names(info: Any) -> tuple[str, ...]:
    return tuple(word for word in (_word(info.GetSerialNumber()), _word(info.GetUserDefinedName())) if word)
