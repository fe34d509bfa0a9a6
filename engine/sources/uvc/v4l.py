"""What Linux knows of its cameras without opening them for pictures: names and serial numbers from sysfs, what they
can do by Video4Linux2 (ioctls as in linux/videodev2.h, https://docs.kernel.org/userspace-api/media/v4l/)."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

if sys.platform != "win32":
    import fcntl

SYSFS = Path("/sys/class/video4linux")
NODES = Path("/dev")

EXPOSURE_AUTO = 0x009A0901
EXPOSURE_ABSOLUTE = 0x009A0902
FOCUS_ABSOLUTE = 0x009A090A
FOCUS_AUTO = 0x009A090C
GAIN = 0x00980913
CONTROLS = (EXPOSURE_AUTO, EXPOSURE_ABSOLUTE, FOCUS_ABSOLUTE, FOCUS_AUTO, GAIN)

_CONTROL = struct.Struct("=II32siiiiI8x")
_FORMAT = struct.Struct("=III32sII12x")
_SIZE = struct.Struct("=IIIII24x")
_MENU = struct.Struct("=II32s4x")
_CAPTURE, _DISABLED, _DISCRETE = 1, 1, 1
_MOST = 256


@dataclass(frozen=True, slots=True)
class Device:
    """One camera as the system lists it."""

    index: int
    """/dev/video0 is 0."""
    name: str
    vendor: str = ""
    product: str = ""
    serial: str = ""
    port: str = ""
    """USB path and interface, `1-1.2:1.0`: the socket it is plugged into."""

    @property
    def identity(self) -> str:
        """`046d:0825:ABC123`; empty without a serial number."""
        return f"{self.vendor}:{self.product}:{self.serial}" if self.serial else ""


@dataclass(frozen=True, slots=True)
class ControlLimits:
    """What a camera can do; empty where that cannot be asked."""

    ranges: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Control id → lowest, highest, step."""
    menus: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Control id → the entries of its menu that exist."""
    formats: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Pixel format (four letters, a blank at the end left out) → widths and heights."""


def devices(root: Path = SYSFS) -> list[Device]:
    """Every video input, first node first; a camera's second node, which carries no pictures, is left out."""
    found = [_device(entry) for entry in root.glob("video*")] if root.is_dir() else []
    return sorted((device for device in found if device is not None), key=lambda device: device.index)


def _device(entry: Path) -> Device | None:
    number = entry.name.removeprefix("video")
    if not number.isdecimal() or _text(entry / "index") not in ("0", ""):
        return None
    interface = (entry / "device").resolve()
    usb = interface.parent
    vendor = _text(usb / "idVendor")
    return Device(
        int(number),
        _text(entry / "name") or f"video{number}",
        vendor,
        _text(usb / "idProduct"),
        _text(usb / "serial") if vendor else "",
        interface.name if vendor else "",
    )


def _text(path: Path) -> str:
    """A line of sysfs, printable, at most 64 letters: what a device says of itself is not to be trusted."""
    try:
        with path.open("rb") as file:
            line = file.read(256).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return "".join(letter for letter in line if letter.isprintable())[:64]


def limits(device: Device, nodes: Path = NODES) -> ControlLimits:
    """Ask a camera for its ranges, menus, formats and sizes; what it does not answer is left out."""
    try:
        handle = os.open(nodes / f"video{device.index}", os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return ControlLimits()
    try:
        ranges = {number: span for number in CONTROLS if (span := _range(handle, number)) is not None}
        low, high, _step = ranges.get(EXPOSURE_AUTO, (0, -1, 1))
        menu = tuple(n for n in range(max(low, 0), min(high, 15) + 1) if _has_entry(handle, EXPOSURE_AUTO, n))
        formats = {code.strip(): tuple(_sizes(handle, code)) for code in _formats(handle)}
        return ControlLimits(ranges, {EXPOSURE_AUTO: menu} if menu else {}, formats)
    finally:
        os.close(handle)


def _ask(handle: int, number: int, layout: struct.Struct, *values: object) -> tuple[object, ...] | None:
    """One VIDIOC ioctl of type _IOWR('V', number, layout); None when the driver refuses."""
    data = bytearray(layout.pack(*values))
    code = 3 << 30 | layout.size << 16 | ord("V") << 8 | number
    try:
        fcntl.ioctl(handle, code, data)
    except OSError:
        return None
    return layout.unpack(data)


def _range(handle: int, control: int) -> tuple[int, int, int] | None:
    answer = _ask(handle, 36, _CONTROL, control, 0, b"", 0, 0, 0, 0, 0)
    if answer is None:
        return None
    _id, _kind, _name, low, high, step, _default, flags = (_whole(value) for value in answer)
    return None if flags & _DISABLED or high < low else (low, high, max(step, 1))


def _has_entry(handle: int, control: int, entry: int) -> bool:
    return _ask(handle, 37, _MENU, control, entry, b"") is not None


def _formats(handle: int) -> Iterator[str]:
    for index in range(_MOST):
        answer = _ask(handle, 2, _FORMAT, index, _CAPTURE, 0, b"", 0, 0)
        if answer is None:
            return
        with suppress(UnicodeDecodeError):
            yield _whole(answer[4]).to_bytes(4, "little").decode("ascii")


def _sizes(handle: int, code: str) -> Iterator[tuple[int, int]]:
    number = int.from_bytes(code.encode("ascii"), "little")
    for index in range(_MOST):
        answer = _ask(handle, 74, _SIZE, index, number, 0, 0, 0)
        if answer is None or answer[2] != _DISCRETE:
            return
        yield _whole(answer[3]), _whole(answer[4])


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
