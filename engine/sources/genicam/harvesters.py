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
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from genicam import gentl

from engine.domain.inspection import Frame, Value, utc_now
from engine.errors import (
    EnvironmentFailure,
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
from engine.sources.genicam.harvesters_buffer import image_in, stamp, told
from engine.sources.genicam.harvesters_nodes import MapNodes
from engine.sources.genicam.pixel_formats import unpack
from engine.sources.genicam.settings import GenicamSettings

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
_BUFFERS = 16
_BUFFER_BYTES = 256 * 1024 * 1024
_BUSY = (gentl.AccessDeniedException, gentl.ResourceInUseException, gentl.BusyException)
_ANSWERED = (gentl.InvalidAddressException, gentl.NotAvailableException, gentl.NotImplementedException)


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


class GenicamSource:
    """One camera behind a GenTL producer; not for more than one thread at a time."""

    live = True
    total = None

    def __init__(self, name: str, cti: Path | None = None) -> None:
        self._name, self._cti = name, cti
        self._harvester: Any = None
        self._acquirer: Any = None
        self._settings: GenicamSettings | None = None
        self._label = ""
        self._running = False
        self._damaged = _Damaged()
        self._ids, self._clock = FrameIds(), DeviceClock()
        self._last = -1
        self.skipped = 0
        """Frames the camera numbered and that never came; 0 under a trigger."""

    @property
    def uri(self) -> str:
        """`genicam:` and what the camera goes by, with the producer's file where one was chosen."""
        return f"genicam:{self._name}" + (f"?cti={self._cti}" if self._cti else "")

    @property
    def description(self) -> str:
        """`GenICam Viky 0 400×400`; only the name while closed."""
        return f"GenICam {self._label or self._name}"

    @property
    def free_running(self) -> bool:
        """True unless each picture waits for a trigger."""
        return self._settings is None or not self._settings.triggered()

    # ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────
    def open(self) -> None:
        """Connect, and read what it can. Raises SourceNotFound, SourceBusy, SourceLost; EnvironmentFailure where no
        producer is installed."""
        self.close()
        paths = (self._cti,) if self._cti else producers()
        if not paths or not all(path.is_file() for path in paths):
            raise EnvironmentFailure(
                f"The GenTL producer {self._cti} is missing." if self._cti else "There is no GenTL producer here.",
                f"Install the camera maker's software and set {PRODUCER_PATH} to the folder of its .cti file.",
            )
        try:
            with _losing("The camera cannot be opened."), _kept_interrupt():
                self._harvester = _harvester(paths)
                self._acquirer = self._connected(self._harvester)
                self._acquirer.add_callback(ImageAcquirer.Events.INCOMPLETE_BUFFER, self._damaged)
                self._prepare()
        except BaseException:
            self.close()
            raise

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

    def _prepare(self) -> None:
        nodes = MapNodes(self._acquirer.remote_device.node_map, self.check)
        self._settings = GenicamSettings(nodes)
        self._settings.prepare()
        self._label += f" {nodes.get('Width')}×{nodes.get('Height')}"
        self._ids, self._clock, self._last, self.skipped = FrameIds(), DeviceClock(), -1, 0

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
        acquirer = self._started()
        with _losing("The camera does not answer."):
            # 0 would be no limit at all to the library.
            buffer = acquirer.try_fetch(timeout=max(timeout, 0.001), is_raw=True)
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
                return self._frame(buffers[0], arrived)
            finally:
                _give_back(buffers)

    def _started(self) -> Any:
        if self._acquirer is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        if not self._running:
            with _losing("The camera does not start."):
                payload = int(self._acquirer.remote_device.node_map.PayloadSize.value) or 1
                fit = min(_BUFFERS, max(3, _BUFFER_BYTES // max(1, payload)))
                self._acquirer.num_buffers = max(self._acquirer.min_num_buffers, fit)
                self._ids.restart()
                self._acquirer.start()
            self._running = True
        return self._acquirer

    def _rest(self) -> None:
        if self._running and self._acquirer is not None:
            self._running = False
            with _losing("The camera does not stop."):
                self._acquirer.stop()

    def _frame(self, buffer: Any, arrived: Any) -> Frame:
        image = image_in(buffer, self._acquirer.remote_device.node_map)
        number = told(buffer, "frame_id")
        sequence = self._ids.take(self._last + 1 if number is None else number)
        pixels, bits, bayer = unpack(image.data, image.width, image.height, image.form, padding=image.padding)
        if np.may_share_memory(pixels, image.data):
            pixels = pixels.copy()
        if self._last >= 0 and self.free_running:
            self.skipped += max(0, sequence - self._last - 1)
        self._last = sequence
        device_ns = stamp(buffer)
        exposed = self._clock.host_time(device_ns, arrived)
        return Frame(
            pixels, self.uri, sequence, arrived, bits=bits, bayer=bayer, device_ns=device_ns, exposed_at=exposed
        )

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────
    def trigger(self) -> None:
        """One software trigger. Raises UnsupportedProperty unless `trigger` is `software`."""
        self._started()
        self._opened().fire()

    def get(self, name: str) -> Value:
        """The value the camera has now. Raises UnsupportedProperty."""
        return self._opened(name).get(name)

    def set(self, name: str, value: Value) -> None:
        """Set it; the camera rests for what it takes only then, until the next read or trigger."""
        settings = self._opened(name)
        if settings.needs_rest(name):
            self._rest()
        settings.set(name, value)

    def caps(self) -> tuple[Capability, ...]:
        """Every setting the camera has now; none while closed."""
        return () if self._settings is None else self._settings.caps()

    def check(self) -> None:
        """Read one register. Raises SourceLost where no answer comes; any answer is a sign of life."""
        if self._acquirer is None:
            return
        with _losing("The camera does not answer."), suppress(*_ANSWERED):
            self._acquirer.remote_device.port.read(0, 4)

    def _opened(self, name: str = "trigger") -> GenicamSettings:
        if self._settings is None:
            unknown(name)
        return self._settings


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
def _losing(message: str) -> Iterator[None]:
    """Whatever a producer says against it, the camera is as good as gone."""
    try:
        yield
    except gentl.GenericException as error:
        log.info("%s %s", message, error)
        raise SourceLost(message, "Check its power and its cable.") from error


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
    """One word of a device; empty where its producer has none. It is the producer's: cut to a line."""
    try:
        return " ".join(str(getattr(info, name) or "").split())[:100]
    except gentl.GenericException:
        return ""


def _names(info: Any) -> tuple[str, ...]:
    return tuple(word for key in ("serial_number", "user_defined_name", "id_") if (word := _told(info, key)))
