"""The protocol of every source, what a source tells about itself, and the names of a camera's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, Protocol, runtime_checkable

from engine.domain.inspection import Frame, Value
from engine.domain.recipe import FilePages
from engine.errors import UnsupportedProperty

SETTINGS: dict[str, str] = {
    "pixel_format": "Pixel format",
    "width": "Width (px)",
    "height": "Height (px)",
    "offset_x": "Left edge (px)",
    "offset_y": "Top edge (px)",
    "frame_rate": "Frames a second",
    "auto_exposure": "Automatic exposure",
    "exposure_us": "Exposure (µs)",
    "auto_gain": "Automatic gain",
    "gain_db": "Gain (dB)",
    "gain_raw": "Gain (device units)",
    "auto_focus": "Automatic focus",
    "focus": "Focus",
    "packet_size": "Packet size (bytes)",
    "packet_delay": "Packet delay (ticks)",
    "trigger_line": "Trigger line",
    "trigger_edge": "Trigger edge",
    "trigger_delay_us": "Trigger delay (µs)",
    "debounce_us": "Debounce (µs)",
    "burst": "Frames a trigger",
    "trigger": "Trigger",
}
"""Every setting a source may have and its words on screen, in the order they are applied: size and format before what
depends on them, the trigger last. `trigger` is `off`, `software` or `hardware`; `trigger_edge` `rising` or `falling`;
`trigger_line` the device's own name of the input."""

Kind = Literal["number", "whole", "choice", "switch"]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source that could be opened: the URI that opens it and a line for a person."""

    uri: str
    """By serial number where the device has one, never by index."""
    description: str
    kind: str = "other"
    """demo, folder, watch, video, uvc, gige, genicam, basler, stream."""
    serial: str = ""
    camera: bool = False
    """A device that was found now and can be looked at."""


@dataclass(frozen=True, slots=True)
class Capability:
    """One setting of an open source: what it is now and what it may be."""

    name: str
    """A key of SETTINGS."""
    kind: Kind
    value: Value
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    writable: bool = True


class FrameSource(Protocol):
    """Frames, one at a time. Made closed; `open` and `close` may be called again; `close` is safe at any time.

    A camera is connected by `open` and starts to send with the first `read` or `trigger`; a setting it takes only at
    rest makes it rest for that moment.
    """

    @property
    def uri(self) -> str:
        """What opens this source again."""
        ...

    @property
    def description(self) -> str:
        """Kind, size and rate, for the status bar: `demo 1280×1024 30 fps`."""
        ...

    @property
    def free_running(self) -> bool:
        """True: it makes frames whether read or not and the newest counts. False: every frame is delivered in order."""
        ...

    @property
    def live(self) -> bool:
        """True: frames come from a device as time goes by, so an old or repeated one must not be judged."""
        ...

    @property
    def skipped(self) -> int:
        """Frames made since `open` that nobody read; always 0 unless free-running."""
        ...

    @property
    def total(self) -> int | None:
        """How many frames there will be, when that is known."""
        ...

    def open(self) -> None:
        """Get ready. Raises InputError for a source that cannot be; SourceNotFound, SourceBusy or SourceLost for one
        that may be later; EnvironmentFailure where a library is missing."""
        ...

    def read(self, timeout: float) -> Frame:
        """The next frame; returns or raises within `timeout` seconds (≤ 0.2 in the station loop) and a little.

        Raises FrameTimeout when none came, FrameIncomplete for a damaged one and PictureError for a bad picture (the
        next read goes on), SourceEnded after the last frame, SourceLost when the device went away.
        """
        ...

    def trigger(self) -> None:
        """Have one picture (or burst) taken. Raises UnsupportedProperty unless `trigger` is set to `software`."""
        ...

    def get(self, name: str) -> Value:
        """The value of a setting now. Raises UnsupportedProperty for one it does not have."""
        ...

    def set(self, name: str, value: Value) -> None:
        """Change a setting. Raises UnsupportedProperty for one it does not have and for a value out of its range."""
        ...

    def caps(self) -> tuple[Capability, ...]:
        """Every setting this source has, as it stands now; empty while closed."""
        ...

    def check(self) -> None:
        """Ask the device for a sign of life, also where no frame is due. Raises SourceLost when there is none."""
        ...

    def close(self) -> None:
        """Release everything, within a second or two; no thread or process outlives it."""
        ...


@dataclass(frozen=True, slots=True)
class SourceRemark:
    """What a source has to say besides its frames: somebody should know, and nothing stops."""

    message: str
    remedy: str = ""


@runtime_checkable
class Remarking(Protocol):
    """A source that has something to say besides its frames."""

    def remarks(self) -> tuple[SourceRemark, ...]:
        """What was not told yet; told once. Called between two reads."""
        ...


@runtime_checkable
class Paged(Protocol):
    """A source of files, which may hold several pictures."""

    pages: FilePages
    """What becomes of such a file, as the recipe in force says; one that lists its files does so at its opening."""


class NoSettings:
    """What sources without a device share: nothing to set, nothing to trigger, always there."""

    @property
    def live(self) -> bool:
        """Files are never stale."""
        return False

    def trigger(self) -> None:
        """Not for this source. Raises UnsupportedProperty."""
        raise UnsupportedProperty("This source is not triggered.", "Choose a camera with a software trigger.")

    def get(self, name: str) -> Value:
        """Not for this source. Raises UnsupportedProperty."""
        unknown(name)

    def set(self, name: str, value: Value) -> None:  # noqa: ARG002 - the protocol's
        """Not for this source. Raises UnsupportedProperty."""
        unknown(name)

    def caps(self) -> tuple[Capability, ...]:
        """None."""
        return ()

    def check(self) -> None:
        """Nothing that could be lost."""


def in_order(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Settings in the order they must be applied; unknown names last."""
    order = {name: place for place, name in enumerate(SETTINGS)}
    return dict(sorted(settings.items(), key=lambda item: order.get(item[0], len(order))))


def unknown(name: str) -> NoReturn:
    """Refuse a setting. Raises UnsupportedProperty."""
    word = SETTINGS.get(name, name)
    raise UnsupportedProperty(f"This source has no setting {name} ({word}).", "Take it out of the recipe's [camera].")


def checked(capability: Capability, value: Value) -> Value:
    """The value as this setting takes it. Raises UnsupportedProperty, naming the range or the choices."""
    name, kind = capability.name, capability.kind
    if not capability.writable:
        raise UnsupportedProperty(f"{name} cannot be changed on this source.", "Leave it as it is.")
    if kind == "switch" and isinstance(value, bool):
        return value
    if kind == "choice" and str(value) in capability.choices:
        return str(value)
    if kind in ("number", "whole") and isinstance(value, int | float) and not isinstance(value, bool):
        low = -float("inf") if capability.low is None else capability.low
        high = float("inf") if capability.high is None else capability.high
        if low <= value <= high:
            return round(value) if kind == "whole" else float(value)
    may_be = {
        "switch": "on or off",
        "choice": ", ".join(capability.choices),
        "number": f"{capability.low:g} to {capability.high:g}" if _bounded(capability) else "a number",
        "whole": f"{capability.low:g} to {capability.high:g}" if _bounded(capability) else "a whole number",
    }[kind]
    raise UnsupportedProperty(f"{name} cannot be {value}: this source takes {may_be}.", "Choose a value it takes.")


def _bounded(capability: Capability) -> bool:
    return capability.low is not None and capability.high is not None
