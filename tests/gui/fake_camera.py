"""A camera that behaves as told, through the real protocol: ranges, refusals, loss, triggers, in this process."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Frame, Value, utc_now
from engine.errors import FrameIncomplete, FrameTimeout, SourceLost, SourceNotFound, UnsupportedProperty
from engine.sources.base import Capability, SourceInfo, checked, unknown

URI = "gige:LS-0815"
FOUND = SourceInfo(URI, "Bench camera 2M", "gige", "LS-0815", True)
FULL = (
    Capability("pixel_format", "choice", "Mono8", choices=("Mono8", "Mono12", "BayerRG8")),
    Capability("width", "whole", 640, 64, 1920, 16),
    Capability("height", "whole", 480, 64, 1200, 2),
    Capability("offset_x", "whole", 0, 0, 1280, 16),
    Capability("offset_y", "whole", 0, 0, 720, 2),
    Capability("frame_rate", "number", 30.0, 1.0, 42.0),
    Capability("auto_exposure", "switch", False),
    Capability("exposure_us", "number", 4000.0, 20.0, 1_000_000.0, 1.0),
    Capability("auto_gain", "switch", False),
    Capability("gain_db", "number", 0.0, 0.0, 24.0, 0.1),
    Capability("packet_size", "whole", 1500, 576, 9000, 4),
    Capability("trigger_line", "choice", "Line1", choices=("Line1", "Line3")),
    Capability("trigger_edge", "choice", "rising", choices=("rising", "falling")),
    Capability("trigger_delay_us", "number", 0.0, 0.0, 1_000_000.0, 1.0),
    Capability("debounce_us", "number", 5.0, 0.0, 20_000.0, 1.0),
    Capability("burst", "whole", 1, 1, 255),
    Capability("trigger", "choice", "off", choices=("off", "software", "hardware")),
)
SILENT = "The control connection works, but no pictures arrive."
SILENT_REMEDY = "Let the firewall pass the camera's packets, or set a smaller packet size."


class FakeCamera:
    """Brightness follows exposure and gain. `lose`, `come_back`, `damage` and `hold` may be called from any thread.

    `opened_now` counts how often it is open: two at once is what a real camera refuses.
    """

    def __init__(
        self,
        caps: tuple[Capability, ...] = FULL,
        *,
        uri: str = URI,
        scene: NDArray[np.uint8] | None = None,
        refuses: tuple[str, ...] = (),
    ) -> None:
        self.uri, self._refuses = uri, refuses
        self._caps = {c.name: c for c in caps}
        self._scene = _stripes() if scene is None else scene
        self._open = False
        self._due = 0.0
        self._fired, self._damaged = threading.Semaphore(0), threading.Semaphore(0)
        self.hold, self._gone = threading.Event(), threading.Event()
        self.may_open = threading.Event()
        """Cleared: `open` blocks, as a driver does."""
        self.may_open.set()
        self._why: tuple[str, str] = (SILENT, SILENT_REMEDY)
        self.opened_now = self.opened_most = self.opened_ever = 0
        self.taken = 0
        """Sequence of the last frame."""
        self.triggered = 0
        """How many of them a trigger gave."""
        self.sets: list[tuple[str, Value]] = []

    skipped = 0
    total = None
    live = True

    @property
    def description(self) -> str:
        height, width = self._scene.shape
        return f"bench camera {width}×{height}"

    @property
    def free_running(self) -> bool:
        return "trigger" not in self._caps or self._caps["trigger"].value == "off"

    # ── what happens to it ───────────────────────────────────────────────────────────────────────────────────────
    def lose(self, message: str = SILENT, remedy: str = SILENT_REMEDY) -> None:
        self._why = (message, remedy)
        self._gone.set()

    def come_back(self) -> None:
        self._gone.clear()

    def damage(self) -> None:
        self._damaged.release()

    # ── the protocol ─────────────────────────────────────────────────────────────────────────────────────────────
    def open(self) -> None:
        assert self.may_open.wait(120)
        if self._gone.is_set():
            raise SourceNotFound(*self._why)
        self._open = True
        self.opened_now += 1
        self.opened_ever += 1
        self.opened_most = max(self.opened_most, self.opened_now)

    def read(self, timeout: float) -> Frame:
        if self._gone.is_set():
            raise SourceLost(*self._why)
        if self._damaged.acquire(blocking=False):
            self.taken += 1
            raise FrameIncomplete("Packets are missing.", "Check the network.", self.taken)
        if self.hold.is_set() or not self._due_within(timeout):
            time.sleep(min(timeout, 0.02))
            raise FrameTimeout("No picture came in time.")
        self.taken += 1
        return Frame(self._picture(), self.uri, self.taken, utc_now())

    def trigger(self) -> None:
        if self._caps["trigger"].value != "software":
            raise UnsupportedProperty("The trigger is not set to software.", "Set it first.")
        self._fired.release()

    def get(self, name: str) -> Value:
        if name not in self._caps:
            unknown(name)
        return self._caps[name].value

    def set(self, name: str, value: Value) -> None:
        if name not in self._caps:
            unknown(name)
        if name in self._refuses:
            raise UnsupportedProperty(f"The camera does not take {value} now.", "Stop it first.")
        taken = checked(self._caps[name], value)
        self.sets.append((name, taken))
        self._caps[name] = replace(self._caps[name], value=taken)
        for switch, governed in (("auto_exposure", "exposure_us"), ("auto_gain", "gain_db")):
            if name == switch and governed in self._caps:
                self._caps[governed] = replace(self._caps[governed], writable=not taken)

    def caps(self) -> tuple[Capability, ...]:
        return tuple(self._caps.values()) if self._open else ()

    def check(self) -> None:
        if self._gone.is_set():
            raise SourceLost(*self._why)

    def close(self) -> None:
        if self._open:
            self._open = False
            self.opened_now -= 1

    def _due_within(self, timeout: float) -> bool:
        if not self.free_running:
            fired = self._fired.acquire(timeout=timeout)
            self.triggered += fired
            return fired
        wait = self._due - time.monotonic()
        if wait > timeout:
            return False
        time.sleep(max(0.0, wait))
        self._due = time.monotonic() + 1 / self._number("frame_rate", 30.0)
        return True

    def _number(self, name: str, otherwise: float) -> float:
        return float(self._caps[name].value) if name in self._caps else otherwise

    def _picture(self) -> NDArray[np.uint8]:
        gain = self._number("exposure_us", 4000.0) / 4000.0 * 10 ** (self._number("gain_db", 0.0) / 20)
        lit = cv2.convertScaleAbs(self._scene, alpha=gain)
        return np.asarray(np.roll(lit, self.taken % 2, axis=1), np.uint8)


def _stripes() -> NDArray[np.uint8]:
    """480×640: a ramp with stripes, mean about 90, nothing saturated."""
    ramp = np.tile(np.linspace(40, 120, 640), (480, 1))
    ramp[::16] += 40
    ramp[:, ::16] += 30
    return np.asarray(ramp, np.uint8)
