"""Any GenICam camera through its maker's GenTL producer (a .cti file), by harvesters: `genicam:SERIAL`.

Producers are found in the folders of GENICAM_GENTL64_PATH or named: `genicam:SERIAL?cti=PATH`. The library waits
inside C with Python's lock held, and may wait there for ever when a camera was unplugged: this source belongs in a
process that can be killed (engine.sources.process.source).
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from genicam import gentl

from engine.domain.inspection import Frame, utc_now
from engine.errors import (
    EnvironmentFailure,
    FrameIncomplete,
    FrameTimeout,
    SourceBusy,
    SourceNotFound,
    UsageError,
)
from engine.sources.base import SourceInfo
from engine.sources.genicam.camera import GenicamCamera, buffers_for, losing, one_line
from engine.sources.genicam.harvesters_buffer import image_in, stamp, told
from engine.sources.genicam.harvesters_nodes import MapNodes

with warnings.catch_warnings():
    # When it is imported, harvesters sets the warning filters of the whole process.
    from harvesters.core import Callback, Harvester, ImageAcquirer, ParameterKey, ParameterSet

PRODUCER_PATH = "GENICAM_GENTL64_PATH"

log = logging.getLogger(__name__)
# What the library says of it reaches the log through the errors below; its own lines are for its makers.
_library = logging.getLogger(f"{__name__}.harvesters")
_library.setLevel(logging.CRITICAL)

_POLL_MS = 5
_ENUMERATE_MS = 2000
_BUSY = (gentl.AccessDeniedException, gentl.ResourceInUseException, gentl.BusyException)
_ANSWERED = (gentl.InvalidAddressException, gentl.NotAvailableException, gentl.NotImplementedException)
_losing = partial(losing, gentl.GenericException)


class _Damaged(Callback):  # type: ignore[misc]  # harvesters has no types
    """Told by harvesters of each incomplete buffer, which it puts back by itself."""

    def __init__(self) -> None:
        self.seen = False

    def emit(self, context: object = None) -> None:  # noqa: ARG002 - the library's
        """One was thrown away."""
        self.seen = True


def source(rest: str) -> GenicamSource:
    """The camera behind `genicam:`: a serial number, the name its user gave it, or the producer's own id of it.

    Raises UsageError for an option it does not know, and where nothing is named.
    """
    name, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not name.strip():
        raise UsageError(
            "genicam: names no camera.", "Write its serial number behind the colon, as `sources` lists it."
        )
    if wrong := next((key for key in options if key != "cti"), None):
        raise UsageError(f"A GenICam camera has no option {wrong}.", "Its only option is cti, the producer's file.")
    return GenicamSource(name, Path(options["cti"]).expanduser() if "cti" in options else None)


def cameras() -> list[SourceInfo]:
    """Every camera that the producers of GENICAM_GENTL64_PATH see now; one seen by two of them is listed once."""
    found: dict[str, SourceInfo] = {}
    paths = producers()
    if not paths:
        return []
    harvester = _harvester(paths)
    try:
        for info in harvester.device_info_list:
            serial = _told(info, "serial_number")
            name = serial or _told(info, "id_")
            words = " ".join(word for word in (_told(info, "vendor"), _told(info, "model"), serial) if word)
            if name:
                found.setdefault(name, SourceInfo(f"genicam:{name}", words or name, "genicam", serial, camera=True))
    finally:
        _release(harvester.reset)
    return list(found.values())


def producers() -> tuple[Path, ...]:
    """Every .cti file in the folders of GENICAM_GENTL64_PATH, in their order."""
    folders = [Path(text) for text in os.environ.get(PRODUCER_PATH, "").split(os.pathsep) if text.strip()]
    files = [file for folder in folders for file in (sorted(folder.glob("*.cti")) if folder.is_dir() else [folder])]
    return tuple(dict.fromkeys(file for file in files if file.suffix == ".cti" and file.is_file()))


class GenicamSource(GenicamCamera):
    """One camera behind a GenTL producer."""

    def __init__(self, name: str, cti: Path | None = None) -> None:
        super().__init__("genicam", "GenICam", name, f"?cti={cti}" if cti else "")
        self._cti = cti
        self._harvester: Any = None
        self._acquirer: Any = None
        self._running = False
        self._damaged = _Damaged()

    # ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        paths = (self._cti,) if self._cti else producers()
        if not paths or not all(path.is_file() for path in paths):
            raise EnvironmentFailure(
                f"The GenTL producer {self._cti} is missing." if self._cti else "There is no GenTL producer here.",
                f"Install the camera maker's software and set {PRODUCER_PATH} to the folder of its .cti file.",
            )
        with _losing("The camera cannot be opened."), _kept_interrupt():
            self._harvester = _harvester(paths)
            self._acquirer = self._connected(self._harvester)
            self._acquirer.add_callback(ImageAcquirer.Events.INCOMPLETE_BUFFER, self._damaged)
            nodes = MapNodes(self._acquirer.remote_device.node_map, self.check)
            self._prepare(nodes)
            self._label += f" {nodes.get('Width')}×{nodes.get('Height')}"

    def _connected(self, harvester: Any) -> Any:
        device = next((info for info in harvester.device_info_list if self._name in _names(info)), None)
        if device is None:
            raise SourceNotFound(f"There is no GenICam camera {self._name}.", "Check its power and its cable.")
        self._label = " ".join(word for word in (_told(device, "model"), _told(device, "serial_number")) if word)
        try:
            return harvester.create(
                device, config=ParameterSet({ParameterKey.TIMEOUT_PERIOD_ON_UPDATE_EVENT_DATA_CALL: _POLL_MS})
            )
        except _BUSY as error:
            log.info("the producer refuses %s: %s", self._name, error)
            raise SourceBusy(f"Another program holds the camera {self._name}.", "Close that program.") from error

    def close(self) -> None:
        """Stop and disconnect. What the library then says of a camera that is gone is only logged."""
        acquirer, harvester = self._acquirer, self._harvester
        self._acquirer = self._harvester = self._settings = None
        self._running, self._damaged.seen, self._label = False, False, ""
        if acquirer is not None:
            _release(acquirer.destroy)
        if harvester is not None:
            _release(harvester.reset)

    # ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, timeout: float) -> Frame:
        """The next frame, its pixels copied out of the producer's buffer; starts the camera where it rests.

        Raises FrameTimeout, FrameIncomplete, SourceLost; UnsupportedProperty for a pixel format nobody can read.
        """
        self._start()
        with _losing("The camera does not answer."):
            # 0 would be no limit at all to the library.
            buffer = self._acquirer.try_fetch(timeout=max(timeout, 0.001), is_raw=True)
            buffers = [one for one in (buffer if isinstance(buffer, list) else [buffer]) if one is not None]
            if self._damaged.seen:
                self._damaged.seen = False
                _give_back(buffers)
                # harvesters has put it back with its number: the one behind the last is the likeliest.
                self._last += 1
                raise FrameIncomplete(
                    "A part of the picture got lost on the way.", "Check cable and packet size.", self._last
                )
            if not buffers:
                raise FrameTimeout("The camera sent no picture within the time given.")
            arrived = utc_now()
            try:
                image = image_in(buffers[0], self._acquirer.remote_device.node_map)
                number = told(buffers[0], "frame_id")
                sequence = self._numbered(self._last + 1 if number is None else number)
                return self._frame(image, sequence, stamp(buffers[0]), arrived)
            finally:
                _give_back(buffers)

    def _start(self) -> None:
        self._opened()
        if self._running:
            return
        with _losing("The camera does not start."):
            payload = int(self._acquirer.remote_device.node_map.PayloadSize.value)
            self._acquirer.num_buffers = max(self._acquirer.min_num_buffers, buffers_for(payload))
            self._ids.restart()
            self._acquirer.start()
        self._running = True

    def _rest(self) -> None:
        if self._running and self._acquirer is not None:
            self._running = False
            with _losing("The camera does not stop."):
                self._acquirer.stop()

    def check(self) -> None:
        """Read one register. Raises SourceLost where no answer comes; any answer is a sign of life."""
        if self._acquirer is None:
            return
        with _losing("The camera does not answer."), suppress(*_ANSWERED):
            self._acquirer.remote_device.port.read(0, 4)


# ── the library's ways ───────────────────────────────────────────────────────────────────────────────────────────
def _harvester(paths: tuple[Path, ...]) -> Any:
    config = ParameterSet(
        {ParameterKey.LOGGER: _library, ParameterKey.TIMEOUT_PERIOD_ON_MODULE_ENUMERATION: _ENUMERATE_MS}
    )
    harvester = Harvester(config=config)
    for path in paths:
        harvester.add_file(str(path))
    harvester.update()
    return harvester


@contextmanager
def _kept_interrupt() -> Iterator[None]:
    """harvesters takes Ctrl+C for itself when it makes an acquirer on the main thread; it is not its to take."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _release(act: Callable[[], object]) -> None:
    try:
        act()
    except (gentl.GenericException, OSError, ValueError, AttributeError) as error:
        log.info("closing the camera: %s", error)


def _give_back(buffers: list[Any]) -> None:
    for buffer in buffers:
        buffer.parent.queue_buffer(buffer)


def _told(info: Any, name: str) -> str:
    """One word of a device; empty where its producer has none."""
    try:
        return one_line(getattr(info, name))
    except gentl.GenericException:
        return ""


def _names(info: Any) -> tuple[str, ...]:
    return tuple(word for key in ("serial_number", "user_defined_name", "id_") if (word := _told(info, key)))
