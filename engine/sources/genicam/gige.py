"""What of GigE Vision (1.2, 2.0) Lineside speaks and counts itself: a sign of life, frame ids, the receive buffer."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import time
from pathlib import Path

log = logging.getLogger(__name__)

GVCP_PORT = 3956
_READ, _READ_ACK = 0x0080, 0x0081
_CONTROL_CHANNEL_PRIVILEGE = 0x0A00
_CONTROLLED = 0x3
"""Bits of the register: exclusive access, control access."""
_SHORT = 65535
"""Ids of 16 bits count 1…65535 and never 0."""
_CREDIBLE = 100
"""A damaged frame's id this far ahead is believed."""
_RCVBUFFORCE = 33
"""Linux' SO_RCVBUFFORCE, which Python does not name."""


class Pulse:
    """Asks a camera who controls it, on a socket of its own: quicker than the library, which tries for 2.5 s a read.

    Any program may read registers of a camera that another controls, unless exclusively.
    """

    def __init__(self, address: str, port: int = GVCP_PORT) -> None:
        self._address = (address, port)
        self._id = 0

    def controlled(self, tries: int = 3, wait_s: float = 0.3) -> bool | None:
        """Whether somebody controls the camera: False after it restarted. None = no answer in tries × wait_s."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            try:
                asking.connect(self._address)
                for _ in range(tries):
                    if (value := self._ask(asking, wait_s)) is not None:
                        return bool(value & _CONTROLLED)
            except OSError:
                # Refused: the machine is there, the camera on it is not.
                return None
        return None

    def _ask(self, asking: socket.socket, wait_s: float) -> int | None:
        self._id = self._id % 0xFFFF + 1
        asking.send(struct.pack(">BBHHHI", 0x42, 1, _READ, 4, self._id, _CONTROL_CHANNEL_PRIVILEGE))
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            asking.settimeout(left)
            try:
                answer = asking.recv(64)
            except TimeoutError:
                return None
            if len(answer) >= 12 and struct.unpack(">HHHH", answer[:8]) == (0, _READ_ACK, 4, self._id):
                return int(struct.unpack(">I", answer[8:12])[0])
        return None


class FrameIds:
    """A device's frame ids as a number that grows: 16 bits (1…65535, then 1 again) or 64 bits, as they come.

    An id that goes backwards by more than half the circle, or a restart, goes on with the following number.
    """

    def __init__(self) -> None:
        self._id: int | None = None
        self._sequence = -1
        self.missed = 0
        """Ids passed over so far."""

    def restart(self) -> None:
        """The device may begin to count anew."""
        self._id = None

    def take(self, device_id: int) -> int:
        """The sequence of a whole frame; the same as before for an id that is repeated."""
        step = self._step(device_id)
        if step is None:
            self._sequence = self._sequence + 1 if self._sequence >= 0 else device_id
        else:
            self._sequence += step
            self.missed += max(0, step - 1)
        self._id = device_id
        return self._sequence

    def damaged(self, device_id: int) -> int:
        """The sequence of a damaged frame, -1 = unknown: its id comes with the first packet and may be an old one."""
        step = self._step(device_id) or 0
        if 1 <= step < _CREDIBLE or (self._id is None and device_id > 0):
            return self.take(device_id)
        return self._sequence + 1 if self._sequence >= 0 else -1

    def _step(self, device_id: int) -> int | None:
        if self._id is None:
            return None
        if device_id > _SHORT or self._id > _SHORT:
            return device_id - self._id if device_id >= self._id else None
        step = (device_id - self._id) % _SHORT
        return step if step <= _SHORT // 2 else None


def widen(port: int, wanted: int) -> int:
    """Give this process's UDP socket on `port` a receive buffer of `wanted` bytes; returns what it got, 0 = not found.

    A camera sends a picture in one burst. The system's default (208 KiB on Linux) loses most of it before the
    receiving thread has run; the limit an ordinary program may ask for is net.core.rmem_max.
    """
    open_files = Path("/proc/self/fd")
    for name in [path.name for path in open_files.iterdir()] if open_files.is_dir() else ():
        with contextlib.suppress(OSError):
            held = os.dup(int(name))
            try:
                found = socket.socket(fileno=held)
            except OSError:
                os.close(held)
                continue
            with found:
                if found.type == socket.SOCK_DGRAM and found.getsockname()[1:2] == (port,):
                    return _widened(found, wanted)
    return 0


def _widened(found: socket.socket, wanted: int) -> int:
    try:
        found.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, wanted)
    except OSError:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    # Linux reports twice what counts as data.
    got = found.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    if got < wanted:
        log.warning(
            "the network receive buffer is %d KiB where the camera needs %d: pictures may arrive incomplete; "
            "allow more with: sysctl -w net.core.rmem_max=%d",
            got // 1024,
            wanted // 1024,
            wanted,
        )
    return got
