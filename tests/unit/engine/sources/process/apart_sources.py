"""Sources and listings for the child processes of the tests: `plan:` and steps, each played by the child's source."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import time
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np

from engine.domain.inspection import Frame, Value, utc_now
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    PictureError,
    SourceEnded,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.base import Capability, SourceInfo, checked, unknown
from engine.sources.process.ring import RingWriter, segment
from engine.sources.process.source import ApartSource


def make(uri: str) -> ActedSource:
    """What `make` of an ApartSource is in these tests."""
    kind, _, rest = uri.partition(":")
    if kind != "acted":
        raise UsageError(f"There is no kind of source called {kind}:.", "Use acted:.")
    return ActedSource(uri, dict(parse_qsl(rest.removeprefix("?"))))


class ActedSource:
    """A camera that behaves as its URI says: `acted:?pause=0.01&count=50` and what `_act` and `read` know."""

    def __init__(self, uri: str, script: dict[str, str]) -> None:
        self.uri, self._script = uri, script
        self._settings: dict[str, Value] = {"trigger": script.get("trigger", "off"), "exposure_us": 1000.0}
        self._frame_rate = float(script.get("rate", 0))
        self._made = self._due = 0
        self.skipped = 0
        self.live, self.total = True, None

    @property
    def description(self) -> str:
        return f"acted, trigger {self._settings['trigger']}, exposure {self._settings['exposure_us']}"

    @property
    def free_running(self) -> bool:
        return self._settings["trigger"] == "off"

    def open(self) -> None:
        if self._script.get("open") == "missing":
            raise SourceNotFound("The camera is not there.", "Plug it in.")
        if self._script.get("open") == "hang":
            time.sleep(60)
        if self._script.get("open") == "die":
            os._exit(3)
        logging.getLogger("acted").warning("opened by process %d", os.getpid())

    def read(self, timeout: float) -> Frame:
        if not self.free_running and self._due <= 0:
            time.sleep(timeout)
            raise FrameTimeout("None was triggered.")
        self._due -= not self.free_running
        time.sleep(float(self._script.get("pause", 0)))
        self._made += 1
        if self._made == int(self._script.get("at", 0)):
            self._act(timeout)
        if self._made > int(self._script.get("count", 10**9)):
            self._made -= 1
            if self._script.get("end"):
                raise SourceEnded("That was all.")
            time.sleep(timeout)
            raise FrameTimeout("No more.")
        if self._made in [int(n) for n in self._script.get("broken", "").split() if n]:
            raise FrameIncomplete(f"Packets of frame {self._made} are missing.", "Check the cable.", self._made)
        if self._made == int(self._script.get("unreadable", 0)):
            raise PictureError("It cannot be read.", "Take another.", "a/picture.png")
        large = self._made >= int(self._script.get("large_from", 10**9))
        return frame(self._made, (480, 640) if large else (24, 32))

    def _act(self, timeout: float) -> None:
        match self._script["act"]:
            case "hang":
                time.sleep(60)
            case "hold":
                # As a driver does that never lets go of the interpreter.
                ctypes.PyDLL(None).sleep(60)
            case "die":
                os._exit(7)
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "odd":
                raise ZeroDivisionError("in the driver")
            case "quiet":
                self._script["count"] = str(self._made - 1)
            case "lost":
                raise SourceLost("The camera is gone.", "Look for it.")

    def trigger(self) -> None:
        if self._settings["trigger"] != "software":
            raise UnsupportedProperty("It is not triggered by software.", "Set trigger.")
        self._due += int(self._script.get("burst", 1))

    def get(self, name: str) -> Value:
        if name == "frame_rate" and self._frame_rate:
            return self._frame_rate
        if name not in self._settings:
            unknown(name)
        return self._settings[name]

    def set(self, name: str, value: Value) -> None:
        for capability in self.caps():
            if capability.name == name:
                self._settings[name] = checked(capability, value)
                return
        unknown(name)

    def caps(self) -> tuple[Capability, ...]:
        return (
            Capability("exposure_us", "number", self._settings["exposure_us"], 10.0, 1e9),
            Capability("trigger", "choice", self._settings["trigger"], choices=("off", "software", "hardware")),
        )

    def check(self) -> None:
        if self._script.get("check") == "fails":
            raise SourceLost("The camera does not answer.", "Check its cable.")

    def close(self) -> None:
        if self._script.get("close") == "hang":
            time.sleep(60)


def frame(sequence: int, size: tuple[int, int] = (24, 32)) -> Frame:
    """Every pixel is the sequence's remainder, so that a torn copy shows."""
    return Frame(np.full(size, sequence % 251, np.uint8), "acted:", sequence, utc_now(), device_ns=sequence * 1000)


def flood(prefix: str, link: object) -> None:
    """Write frames into a ring as fast as it goes, until killed."""
    ring = RingWriter(segment(prefix, 0), 200 * 300, in_order=False)
    link.send(True)  # type: ignore[attr-defined]
    sequence = 0
    while True:
        sequence += 1
        ring.put(frame(sequence, (200, 300)))


def hold_camera(pid_file: str) -> None:
    """A station of its own with a camera that hangs: writes the child's process id and waits to be killed."""
    source = ApartSource("acted:?act=hang&at=2", make=make)
    source.open()
    source.read(20.0)
    Path(pid_file).write_text(str(source.pid), encoding="utf-8")
    time.sleep(60)


def two_cameras() -> list[SourceInfo]:
    """Found."""
    return [SourceInfo("acted:1", "one", "acted", "1", True), SourceInfo("acted:2", "two", "acted", "2", True)]


def not_installed() -> list[SourceInfo]:
    """An optional library is missing."""
    raise ModuleNotFoundError("No module named 'vendor'")


def refuses() -> list[SourceInfo]:
    """A sentence."""
    raise SourceLost("The bus is off.", "Switch it on.")


def crashes() -> list[SourceInfo]:
    """Native code that dies."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return []


def hangs() -> list[SourceInfo]:
    """Native code that never comes back."""
    time.sleep(60)
    return []
