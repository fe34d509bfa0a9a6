"""The settings of a USB camera through OpenCV: what it says it took is read back, because OpenCV believes anything."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

import cv2

from engine.domain.inspection import Value
from engine.errors import UnsupportedProperty
from engine.sources.base import Capability, Kind, checked, unknown
from engine.sources.uvc import v4l

FORMATS = ("MJPG", "YUYV", "UYVY", "NV12", "GREY", "Y10", "Y16")
"""Pixel formats that are understood, by their four letters (a blank at the end left out)."""
RAW = frozenset(("MJPG", "JPEG", "GREY", "Y10", "Y16"))
"""Those taken as the camera sends them; the others are made BGR by OpenCV."""
COMMON_SIZES = ((640, 480), (800, 600), (1024, 768), (1280, 720), (1280, 960), (1600, 1200), (1920, 1080), (2592, 1944))
"""What is tried where the sizes of a camera cannot be asked."""

_LONGEST_S = 100.0
_NUMBERS = {
    "exposure_us": (cv2.CAP_PROP_EXPOSURE, v4l.EXPOSURE_ABSOLUTE),
    "gain_raw": (cv2.CAP_PROP_GAIN, v4l.GAIN),
    "focus": (cv2.CAP_PROP_FOCUS, v4l.FOCUS_ABSOLUTE),
}
_SWITCHES = {
    "auto_exposure": (cv2.CAP_PROP_AUTO_EXPOSURE, v4l.EXPOSURE_AUTO),
    "auto_focus": (cv2.CAP_PROP_AUTOFOCUS, v4l.FOCUS_AUTO),
}
_UNKNOWN = -1.0


class Capture(Protocol):
    """What is used of cv2.VideoCapture. `isOpened` stays true and `set` may say yes whatever the camera does."""

    def isOpened(self) -> bool: ...  # noqa: N802
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def get(self, prop: int, /) -> float: ...
    def set(self, prop: int, value: float, /) -> bool: ...
    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Units:
    """In what a back end of OpenCV counts."""

    v4l: bool
    """True: exposure in 100 µs (V4L2). False: its binary logarithm in seconds (Media Foundation, DirectShow)."""
    auto: tuple[float, float]
    """What automatic exposure is set to for off and on."""

    def to_us(self, value: float) -> float:
        """Microseconds of an exposure as the back end says it."""
        return value * 100 if self.v4l else 2.0 ** max(-30.0, min(value, 7.0)) * 1e6

    def from_us(self, value: float) -> float:
        """An exposure in microseconds as the back end wants it."""
        return round(value / 100) if self.v4l else round(math.log2(max(value, 1.0) / 1e6))


V4L_UNITS = Units(True, (1.0, 3.0))
WINDOWS_UNITS = Units(False, (0.25, 0.75))


@dataclass(slots=True)
class UvcSettings:
    """Get, set and list what an open camera can be told."""

    capture: Capture
    units: Units
    limits: v4l.ControlLimits = field(default_factory=v4l.ControlLimits)

    def pixel_format(self) -> str:
        """The four letters of the format now; empty when it is not told."""
        code = round(self.capture.get(cv2.CAP_PROP_FOURCC))
        letters = (code & 0xFFFFFFFF).to_bytes(4, "little") if code > 0 else b""
        return letters.decode("ascii", "replace").strip()

    def get(self, name: str) -> Value:
        """The value now. Raises UnsupportedProperty for a setting this camera does not have."""
        capability = next((one for one in self.caps() if one.name == name), None)
        if capability is None:
            unknown(name)
        return capability.value

    def caps(self) -> tuple[Capability, ...]:
        """Every setting this camera has."""
        found = [self._format(), self._side("width"), self._side("height"), self._rate()]
        found += [self._switch(name) for name in _SWITCHES] + [self._number(name) for name in _NUMBERS]
        return tuple(capability for capability in found if capability is not None)

    def set(self, name: str, value: Value) -> None:
        """Change it and read it back. Raises UnsupportedProperty when the camera did not take it; it is put back."""
        capability = next((one for one in self.caps() if one.name == name), None)
        if capability is None:
            unknown(name)
        asked = checked(capability, value)
        if name in ("width", "height"):
            self._set_side(name, int(asked))
            return
        self._write(name, asked)
        made = self.get(name)
        if not self._same(name, asked, made):
            self._write(name, capability.value)
            _refuse(name, asked, made)

    def raw(self) -> None:
        """Have the pictures as the camera sends them where that is understood."""
        if self.units.v4l:
            self.capture.set(cv2.CAP_PROP_CONVERT_RGB, 0.0 if self.pixel_format() in RAW else 1.0)

    def _write(self, name: str, value: Value) -> None:
        if name == "pixel_format":
            letters = str(value).ljust(4).encode("ascii")
            self.capture.set(cv2.CAP_PROP_FOURCC, float(int.from_bytes(letters, "little")))
            self.raw()
        elif name == "frame_rate":
            self.capture.set(cv2.CAP_PROP_FPS, float(value))
        elif name == "auto_exposure":
            self.capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, self._automatic(bool(value)))
        elif name == "auto_focus":
            self.capture.set(cv2.CAP_PROP_AUTOFOCUS, float(bool(value)))
        else:
            number = self.units.from_us(float(value)) if name == "exposure_us" else float(value)
            self.capture.set(_NUMBERS[name][0], number)

    def _same(self, name: str, asked: Value, made: Value) -> bool:
        """Whether the camera took a value; a rate and an exposure may lie between two steps of its own."""
        if isinstance(asked, bool | str) or isinstance(made, bool | str):
            return asked == made
        if name == "exposure_us":
            return self.units.from_us(asked) == self.units.from_us(made)
        return abs(asked - made) <= (0.51 if name == "frame_rate" else 0.5)

    def _automatic(self, on: bool) -> float:
        """V4L2 knows two automatic exposures: with fixed aperture (3), as nearly all USB cameras, and without (0)."""
        menu = self.limits.menus.get(v4l.EXPOSURE_AUTO, ())
        return 0.0 if on and menu and 3 not in menu else self.units.auto[on]

    def _set_side(self, name: str, value: int) -> None:
        """Width and height go together: the other one follows to the nearest the camera has with this one."""
        before = self._size()
        which = 0 if name == "width" else 1
        sizes = self.limits.formats.get(self.pixel_format(), ())
        fitting = [size for size in sizes or COMMON_SIZES if size[which] == value]
        kept = (value, before[1]) if which == 0 else (before[0], value)
        # Where the sizes are known, only they are tried; else the other side as it is comes first.
        nearest = sorted(fitting, key=lambda size: abs(size[1 - which] - before[1 - which]))
        for size in nearest if sizes else [kept, *nearest]:
            if self._try_size(size):
                return
        made = self._size()[which]
        self._try_size(before)
        _refuse(name, value, made, sorted({size[which] for size in sizes}))

    def _try_size(self, size: tuple[int, int]) -> bool:
        # OpenCV keeps the first of the two until it has the second.
        self.capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        self.capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        return self._size() == size

    def _size(self) -> tuple[int, int]:
        return round(self.capture.get(cv2.CAP_PROP_FRAME_WIDTH)), round(self.capture.get(cv2.CAP_PROP_FRAME_HEIGHT))

    # ── one capability each; None where the camera does not have it ──────────────────────────────────────────────
    def _format(self) -> Capability | None:
        now = self.pixel_format()
        choices = tuple(code for code in FORMATS if not self.limits.formats or code in self.limits.formats)
        return Capability("pixel_format", "choice", now, choices=choices) if now else None

    def _side(self, name: str) -> Capability | None:
        which = 0 if name == "width" else 1
        sides = sorted(size[which] for size in self.limits.formats.get(self.pixel_format(), ()))
        return self._capability(name, "whole", self._size()[which], (sides[0], sides[-1], 1) if sides else None)

    def _rate(self) -> Capability | None:
        return self._capability("frame_rate", "number", round(self.capture.get(cv2.CAP_PROP_FPS), 2), None)

    def _switch(self, name: str) -> Capability | None:
        prop, control = _SWITCHES[name]
        value = self._asked(prop, control)
        if value is None:
            return None
        on = value != self.units.auto[0] if name == "auto_exposure" else value > 0
        return Capability(name, "switch", on)

    def _number(self, name: str) -> Capability | None:
        prop, control = _NUMBERS[name]
        value = self._asked(prop, control)
        if value is None:
            return None
        span = self.limits.ranges.get(control)
        if name == "exposure_us":
            scaled = None if span is None else (span[0] * 100, span[1] * 100, span[2] * 100)
            return self._capability(name, "number", self.units.to_us(value), scaled)
        return self._capability(name, "whole" if name == "gain_raw" else "number", value, span)

    def _asked(self, prop: int, control: int) -> float | None:
        """The property's value; None when the camera does not have it. OpenCV says -1, and 0 for some, to that."""
        if self.limits.ranges and control not in self.limits.ranges:
            return None
        value = float(self.capture.get(prop))
        known = control in self.limits.ranges
        return value if math.isfinite(value) and (known or value not in (_UNKNOWN, 0.0)) else None

    def _capability(self, name: str, kind: Kind, value: float, span: tuple[int, int, int] | None) -> Capability | None:
        if not math.isfinite(value) or (value <= 0 and span is None):
            return None
        low, high, step = span or (None, None, None)
        if span is None and name == "exposure_us":
            low, high = 1, round(_LONGEST_S * 1e6)
        now: Value = round(value) if kind == "whole" else float(value)
        return Capability(name, kind, now, low, high, step)


def _refuse(name: str, asked: Value, made: Value, instead: list[int] | None = None) -> NoReturn:
    takes = f"this camera takes {', '.join(map(str, instead))}" if instead else f"the camera made {made} of it"
    hint = {"exposure_us": "auto_exposure", "focus": "auto_focus"}.get(name)
    remedy = f"Switch {hint} off first, or choose a value it takes." if hint else "Choose a value it takes."
    raise UnsupportedProperty(f"{name} cannot be {asked}: {takes}.", remedy)
