"""A camera for tests that implements the whole protocol in this process: settings, trigger, loss, slow opening."""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.domain.inspection import Frame, Value, utc_now
from engine.errors import FrameTimeout, LinesideError, SourceLost, UnsupportedProperty
from engine.sources.base import Capability, checked


class FakeCamera:
    """Gives what `coming` holds, or a new picture each read in free run; `away` makes every call fail as unplugged."""

    def __init__(self, uri: str = "fake:1", *, size: tuple[int, int] = (96, 128)) -> None:
        self.uri, self.description, self.total, self.skipped, self.live = uri, "fake camera", None, 0, True
        self.coming: deque[Frame | LinesideError] = deque()
        self.away: LinesideError | None = None
        self.refuses: LinesideError | None = None
        self.dies_on = ""
        """The setting over which it goes away, once; it goes on sending."""
        self.opened_times = self.closed_times = self.fired = 0
        self.is_open = False
        self.applied: list[tuple[str, Value]] = []
        self._values: dict[str, Value] = {"exposure_us": 1000.0, "gain_db": 0.0, "trigger": "off", "burst": 1}
        self._size, self._next = size, 0

    @property
    def free_running(self) -> bool:
        """Unless it is triggered."""
        return self._values["trigger"] == "off"

    def open(self) -> None:
        """Count it."""
        if self.refuses is not None:
            raise self.refuses
        self.opened_times += 1
        self.is_open = True

    def read(self, timeout: float) -> Frame:
        """What comes next."""
        if self.away is not None:
            raise self.away
        if self.coming:
            item = self.coming.popleft()
            if isinstance(item, LinesideError):
                raise item
            return item
        if self.free_running:
            return self.picture()
        raise FrameTimeout("No trigger came.")

    def picture(self, sequence: int | None = None) -> Frame:
        """A new picture; the next number unless one is given."""
        self._next = self._next + 1 if sequence is None else sequence
        pixels = np.random.default_rng(self._next).integers(10, 30, self._size, dtype=np.uint8)
        return Frame(pixels, self.uri, self._next, utc_now())

    def trigger(self) -> None:
        """One picture."""
        if self._values["trigger"] != "software":
            raise UnsupportedProperty("The camera is not triggered by software.", "Set trigger to software.")
        self.fired += 1

    def get(self, name: str) -> Value:
        """As set."""
        return self._values[name]

    def set(self, name: str, value: Value) -> None:
        """Checked against caps."""
        if name == self.dies_on:
            self.dies_on = ""
            raise SourceLost("The camera does not answer.")
        found = {c.name: c for c in self.caps()}
        if name not in found:
            raise UnsupportedProperty(f"This camera has no {name}.", "Leave it out.")
        self._values[name] = checked(found[name], value)
        self.applied.append((name, value))

    def caps(self) -> tuple[Capability, ...]:
        """Four settings."""
        v = self._values
        return (
            Capability("exposure_us", "number", v["exposure_us"], 10.0, 100_000.0, 1.0),
            Capability("gain_db", "number", v["gain_db"], 0.0, 24.0, 0.1),
            Capability("burst", "whole", v["burst"], 1, 8, 1),
            Capability("trigger", "choice", v["trigger"], choices=("off", "software", "hardware")),
        )

    def check(self) -> None:
        """A sign of life."""
        if self.away is not None:
            raise SourceLost("The camera does not answer.")

    def close(self) -> None:
        """Count it."""
        self.closed_times += 1
        self.is_open = False


class SlowCamera(FakeCamera):
    """Opens in the background: `opened` is False until `ready`."""

    def __init__(self) -> None:
        super().__init__("slow:1")
        self.settings: dict[str, Value] = {}
        self.ready: bool | LinesideError = False
        self.begun = 0

    def begin(self) -> None:
        """Count it."""
        self.begun += 1

    def opened(self, timeout: float) -> bool:
        """As the test says."""
        if isinstance(self.ready, LinesideError):
            raise self.ready
        self.is_open = self.ready
        return self.ready
