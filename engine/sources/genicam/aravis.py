"""GigE Vision cameras through Aravis, on Linux and without a vendor's producer: `gige:SERIAL`, `gige:ADDRESS`.

Only imported where such a source is opened or listed: it needs PyGObject and Aravis 0.8 (Debian's gir1.2-aravis-0.8).
"""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import logging
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from engine.domain.inspection import Frame, Value, utc_now
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    LinesideError,
    SourceBusy,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.base import Capability, FrameSource, SourceInfo
from engine.sources.genicam.aravis_nodes import Aravis, AravisNodes, said
from engine.sources.genicam.camera import GenicamCamera, Image, buffers_for
from engine.sources.genicam.device_clock import DeviceClock
from engine.sources.genicam.gige import FrameIds, Pulse, widen
from engine.sources.genicam.pixel_formats import name_of
from engine.sources.genicam.settings import GenicamSettings

log = logging.getLogger(__name__)

_MAX_PAYLOAD = 1 << 29
_LEAST_BUFFERS = 4
_RECEIVE = (4 << 20, 64 << 20)
"""Least and most bytes asked for as the receive buffer; two pictures in between."""
_LOCAL_PACKET = 16384
"""On the machine's own loopback: larger packets cost less, and its MTU is 65536."""
_GONE: list[Any] = []
"""Streams and cameras that went away. As soon as nobody refers to such a camera, Aravis tries for 7 s to tell it so:
not even the end of its source may let go. Its process, made for one opening (sources.process.source), ends soon."""
_STATUS = Aravis.BufferStatus
_NO_PICTURE = (_STATUS.CLEARED, _STATUS.ABORTED, _STATUS.FILLING)
_WORDS = {
    _STATUS.TIMEOUT: "The rest of a picture did not come in time",
    _STATUS.MISSING_PACKETS: "Packets of a picture are missing",
    _STATUS.WRONG_PACKET_ID: "A picture came with packets that are not its own",
    _STATUS.SIZE_MISMATCH: "A picture came in another size than the camera said",
}


def source(rest: str) -> FrameSource:
    """What stands behind `gige:`, not opened: a serial number, an IP address or Aravis' device id, then options:
    `?packet_socket=1` receives through a packet socket (needs CAP_NET_RAW). Raises UsageError."""
    wanted, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not wanted.strip():
        raise UsageError("gige: names no camera.", "Write its serial number or address behind the colon.")
    if set(options) - {"packet_socket"} or options.get("packet_socket", "0") not in ("0", "1"):
        raise UsageError(f"gige:{rest} has options that are not known.", "The only option is ?packet_socket=1.")
    return AravisSource(wanted.strip(), packet_socket=options.get("packet_socket") == "1")


def cameras() -> list[SourceInfo]:
    """The GigE Vision cameras that answer now; takes about a second."""
    found = _listed()
    serials = [serial for _, serial, _, _ in found]
    infos = []
    for _, serial, address, name in found:
        # A serial number that two cameras share, or that an URI cannot hold, does not name one.
        key = serial if serial and serials.count(serial) == 1 and "?" not in serial else address
        infos.append(SourceInfo(f"gige:{key}", f"{name} {serial} at {address}", "gige", serial, camera=True))
    return infos


def _listed() -> list[tuple[str, str, str, str]]:
    """Aravis' id, serial number, address, and maker and model of each camera."""
    _only_gige()
    Aravis.update_device_list()
    devices = []
    for index in range(min(Aravis.get_n_devices(), 256)):
        if Aravis.get_device_protocol(index) == "GigEVision":
            name = f"{_plain(Aravis.get_device_vendor(index))} {_plain(Aravis.get_device_model(index))}"
            serial, address = Aravis.get_device_serial_nbr(index), Aravis.get_device_address(index)
            devices.append((Aravis.get_device_id(index), _plain(serial), _plain(address), name))
    return devices


def _only_gige() -> None:
    for interface in ("Fake", "USB3Vision"):
        Aravis.disable_interface(interface)


def _plain(text: str | None) -> str:
    """What a device says of itself, fit for one line."""
    return "".join(letter for letter in (text or "")[:64] if letter.isprintable()).strip()


class AravisSource(GenicamCamera):
    """One GigE Vision camera.

    The ordinary socket with a receive buffer of two pictures is used: the packet socket Aravis prefers where it may
    gets nothing on the loopback, and an operator's program may not open one. `skipped` is what never arrived whole or
    in part. Once its camera went away, it is opened again in another process: this one keeps hold of it.
    """

    def __init__(self, wanted: str, *, packet_socket: bool = False) -> None:
        super().__init__("gige", "GigE Vision", wanted, "?packet_socket=1" if packet_socket else "")
        self._packet_socket = packet_socket
        self._camera: Any = None
        self._stream: Any = None
        self._pulse: Pulse | None = None
        self._lost = False
        self._missing = 0

    @property
    def skipped(self) -> int:
        """Pictures the camera counted and that never arrived."""
        return self._ids.missed if self.free_running else 0

    def _connect(self) -> None:
        camera = self._camera = _opened(self._name)
        device = camera.get_device()
        if not device.is_controller():
            raise SourceBusy(f"Another program holds the camera {self._name}.", "Close the other program.")
        address = ipaddress.ip_address(device.get_device_address().get_address().to_string())
        pulse = Pulse(str(address))
        # Some devices answer none but their controller: Aravis asks those.
        self._pulse = pulse if pulse.controlled() is not None else None
        with said("stream options"):
            if not self._packet_socket:
                camera.gv_set_stream_options(Aravis.GvStreamOption.PACKET_SOCKET_DISABLED)
        self._prepare(AravisNodes(device))
        self._choose_packet_size(loopback=address.is_loopback)
        self._describe()

    def _choose_packet_size(self, *, loopback: bool) -> None:
        """The largest that arrives; a camera that cannot be asked keeps its own."""
        try:
            with said("packet size"):
                if loopback:
                    self._camera.gv_set_packet_size(_LOCAL_PACKET)
                else:
                    self._camera.gv_auto_packet_size()
        except UnsupportedProperty as error:
            log.info("packet size: %s", error)

    def _describe(self) -> None:
        camera = self._camera
        with said("description"):
            _, _, width, height = camera.get_region()
            name = f"{_plain(camera.get_vendor_name())} {_plain(camera.get_model_name())}"
        self._label = f"{name} {self._name} {width}×{height}"

    # ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, timeout: float) -> Frame:
        """The next picture. Raises FrameTimeout, FrameIncomplete, SourceLost where it cannot be started."""
        self._start()
        deadline = time.monotonic() + timeout
        while True:
            left = max(0.0, deadline - time.monotonic())
            buffer = self._stream.timeout_pop_buffer(int(left * 1e6))
            if buffer is None:
                raise FrameTimeout("No picture came in time.")
            try:
                if buffer.get_status() not in _NO_PICTURE:
                    return self._picture(buffer)
            finally:
                self._stream.push_buffer(buffer)

    def _picture(self, buffer: Any) -> Frame:
        status, device_id = buffer.get_status(), buffer.get_frame_id()
        if status != _STATUS.SUCCESS:
            raise self._damaged(status, device_id)
        sequence = self._ids.take(device_id)
        parts = buffer.get_n_parts()
        if parts < 1:
            raise UnsupportedProperty("The camera sends something else than pictures.", "Choose its picture output.")
        now = utc_now()
        image = Image(
            # The bytes are a copy: the buffer itself goes back to be filled again.
            np.frombuffer(buffer.get_part_data(0), np.uint8),
            buffer.get_part_width(0),
            buffer.get_part_height(0),
            name_of(buffer.get_part_pixel_format(0)),
            buffer.get_part_padding(0)[0],
        )
        arrived = min(now, datetime.fromtimestamp(buffer.get_system_timestamp() / 1e9, UTC))
        return self._frame(image, sequence, max(0, buffer.get_timestamp()), now, arrived)

    def _damaged(self, status: Any, device_id: int) -> FrameIncomplete:
        missing = self._stream.get_info_uint64_by_name("n_missing_packets")
        lately, self._missing = missing - self._missing, missing
        words = _WORDS.get(status, "A picture arrived damaged")
        count = f" ({lately} packets)" if lately > 0 else ""
        return FrameIncomplete(
            f"{words}{count}.",
            "Check cable and switch, the packet size and the network receive buffer.",
            self._ids.damaged(device_id),
        )

    def _start(self) -> None:
        self._opened()
        if self._stream is not None:
            return
        with said("acquisition"):
            payload = self._camera.get_payload()
            if not 0 < payload <= _MAX_PAYLOAD:
                raise UnsupportedProperty(f"The camera sends pictures of {payload} bytes.", "Check its picture size.")
            stream = self._stream = self._camera.create_stream(None, None)
            widen(stream.get_port(), min(max(2 * payload, _RECEIVE[0]), _RECEIVE[1]))
            for _ in range(buffers_for(payload, _LEAST_BUFFERS)):
                stream.push_buffer(Aravis.Buffer.new_allocate(payload))
            self._missing = 0
            self._ids.restart()
            self._camera.start_acquisition()

    def _rest(self) -> None:
        """Stop to send; what was on its way is no picture any more."""
        if self._stream is None:
            return
        try:
            if not self._lost:
                with said("stop"):
                    self._camera.stop_acquisition()
        finally:
            self._stream = None

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────
    def set(self, name: str, value: Value) -> None:
        """Change it; what is only taken at rest stops the pictures until the next read or trigger."""
        super().set(name, value)
        self._describe()

    def caps(self) -> tuple[Capability, ...]:
        """Every setting, as it stands now."""
        if self._settings is not None:
            self.check()
        return super().caps()

    def _answering(self, name: str) -> GenicamSettings:
        settings = super()._answering(name)
        # Quicker than the library, which tries for seconds.
        self.check()
        return settings

    def check(self) -> None:
        """A sign of life within a second. Raises SourceLost where there is none or the camera was restarted."""
        self._opened()
        if self._lost:
            raise SourceLost("The camera is gone.", "Check its power and its cable.")
        if self._pulse is not None:
            controlled = self._pulse.controlled()
            alive = controlled is not None
        else:
            controlled = alive = self._answers()
        if alive and controlled and self._camera.get_device().is_controller():
            return
        self._lost = True
        if alive:
            raise SourceLost("The camera was restarted or taken over.", "It is opened again by itself.")
        raise SourceLost("The camera does not answer.", "Check its power and its cable.")

    def _answers(self) -> bool:
        try:
            with said("a sign of life"):
                self._camera.get_region()
        except LinesideError:
            return False
        return True

    def close(self) -> None:
        """Stop and let go of the camera."""
        opened = self._camera is not None
        if self._lost:
            _GONE.extend((self._stream, self._camera))
        with contextlib.suppress(LinesideError):
            self._rest()
        self._camera = self._settings = self._pulse = None
        self._clock, self._ids, self._lost = DeviceClock(), FrameIds(), False
        if opened:
            # Aravis lets go of the camera when the last of its objects does.
            gc.collect()


def _opened(wanted: str) -> Any:
    _only_gige()
    key = wanted
    if not _is_address(wanted):
        listed = next((device for device in _listed() if wanted in device[:3]), None)
        if listed is None:
            message = f"The GigE Vision camera {wanted} is not there."
            raise SourceNotFound(message, "Check its power, its cable and its address.")
        key = listed[0]
    with said(wanted):
        return Aravis.Camera.new(key)


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
