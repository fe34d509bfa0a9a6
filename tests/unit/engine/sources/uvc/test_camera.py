"""The USB source with a capture that lies as OpenCV's does (tests/peers/uvc.py): no UVC camera can be emulated here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Frame
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    SourceBusy,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.base import FrameSource
from engine.sources.uvc import camera as uvc
from engine.sources.uvc import v4l
from engine.sources.uvc.camera import UvcSource, find, key_of
from engine.sources.uvc.settings import WINDOWS_UNITS
from engine.sources.uvc.v4l import ControlLimits, Device
from tests.peers.uvc import DEVICE, FakeCamera, code

KEY = "046d:0825:ABC123"


@pytest.fixture
def camera() -> FakeCamera:
    return FakeCamera()


@pytest.fixture
def source(camera: FakeCamera) -> Iterator[UvcSource]:
    source = UvcSource(KEY, camera.system())
    source.open()
    yield source
    source.close()


def _next(source: UvcSource) -> Frame:
    for _ in range(1000):
        with suppress(FrameTimeout):
            return source.read(0.05)
    raise AssertionError("no frame")


def _loss(source: UvcSource) -> tuple[SourceLost, float]:
    begin = time.monotonic()
    while time.monotonic() < begin + 120:
        try:
            source.read(0.05)
        except FrameTimeout:
            continue
        except SourceLost as error:
            return error, time.monotonic() - begin
        raise AssertionError("an old picture was handed on as a new one")
    raise AssertionError("not lost")


def test_pictures_come_in_sequence_dated_by_the_drivers_clock(source: UvcSource) -> None:
    checked: FrameSource = source
    assert (checked.free_running, checked.live, checked.total) == (True, True, None)
    before = datetime.now(UTC)
    frames = [_next(source) for _ in range(4)]
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3]
    assert all(frame.size == (480, 640) and frame.pixels.dtype == np.uint8 for frame in frames)
    assert frames[0].source == source.uri == f"uvc:{KEY}"
    assert all(before <= frame.captured_at <= datetime.now(UTC) for frame in frames)
    assert all(frame.exposed_at == frame.captured_at for frame in frames)
    stamps = [frame.device_ns for frame in frames]
    assert stamps == sorted(set(stamps))
    assert source.description == "uvc Line Camera 640×480 30 fps"


@pytest.mark.parametrize("old_frames", [False, True], ids=["reading fails", "the last picture again"])
def test_an_unplugged_camera_is_lost_though_opencv_says_it_is_open(
    camera: FakeCamera, source: UvcSource, old_frames: bool
) -> None:
    _next(source)
    camera.old_frames = old_frames
    camera.unplug()
    error, _after = _loss(source)
    assert "unplugged" in error.message
    with pytest.raises(SourceLost):
        source.check()


def test_another_camera_under_the_same_number_is_not_this_one(camera: FakeCamera, source: UvcSource) -> None:
    _next(source)
    camera.present = [Device(0, "Line Camera", "046d", "0825", "OTHER", "1-1.3:1.0")]
    with pytest.raises(SourceLost, match="unplugged"):
        source.check()


@pytest.mark.slow
@pytest.mark.parametrize("stamps", [True, False], ids=["by its stamp", "by its bytes"])
def test_where_devices_are_not_listed_a_repeated_picture_is_the_loss(camera: FakeCamera, stamps: bool) -> None:
    camera.stamps = stamps
    source = UvcSource("0", camera.system(WINDOWS_UNITS, listed=False, limits=ControlLimits()))
    source.open()
    assert camera.opened == [(0, cv2.CAP_MSMF)]
    _next(source)
    camera.old_frames = True
    camera.unplug()
    error, after = _loss(source)
    assert "repeats its last picture" in error.message
    assert after >= uvc.LOST_S - 0.5
    source.close()


@pytest.mark.slow
def test_failed_reads_in_a_row_are_a_loss_where_devices_are_not_listed(camera: FakeCamera) -> None:
    source = UvcSource("0", camera.system(WINDOWS_UNITS, listed=False, limits=ControlLimits()))
    source.open()
    _next(source)
    camera.unplug()
    error, _after = _loss(source)
    assert "no pictures any more" in error.message
    source.close()


def test_no_picture_in_time_is_no_loss(camera: FakeCamera, source: UvcSource) -> None:
    _next(source)
    camera.stuck = True
    for _ in range(5):
        with pytest.raises(FrameTimeout):
            source.read(0.01)
    camera.stuck = False
    assert _next(source).sequence == 1


def test_an_error_of_opencv_while_waiting_is_a_failed_read(camera: FakeCamera) -> None:
    def broken(capture: Any, timeout: float) -> bool:
        raise cv2.error("Error is reported for camera stream: 0")

    system = camera.system()
    source = UvcSource(
        KEY, uvc.System(system.capture, system.backends, broken, system.devices, system.limits, system.units, True)
    )
    source.open()
    with pytest.raises(FrameTimeout):
        source.read(0.05)
    camera.unplug()
    with pytest.raises(SourceLost, match="unplugged"):
        source.read(0.05)
    source.close()


def test_a_missing_and_a_busy_camera_are_told_apart(camera: FakeCamera) -> None:
    source = UvcSource(KEY, camera.system())
    camera.busy = True
    with pytest.raises(SourceBusy, match="Line Camera"):
        source.open()
    assert camera.released == len(camera.opened)
    camera.unplug()
    with pytest.raises(SourceNotFound, match="is not there"):
        source.open()
    assert source.caps() == ()
    with pytest.raises(UsageError, match="not open"):
        source.read(0.1)


def test_a_setting_the_camera_takes_is_read_back(camera: FakeCamera, source: UvcSource) -> None:
    source.set("auto_exposure", False)
    assert source.get("auto_exposure") is False
    source.set("exposure_us", 5000)
    assert camera.values[cv2.CAP_PROP_EXPOSURE] == 50
    assert source.get("exposure_us") == 5000
    source.set("frame_rate", 15)
    assert source.get("frame_rate") == 15
    span = {one.name: (one.low, one.high, one.step) for one in source.caps()}
    assert span["exposure_us"] == (300, 204700, 100)
    assert set(span) == {"pixel_format", "width", "height", "frame_rate", "auto_exposure", "exposure_us"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("frame_rate", 60, "made 30"),
        ("exposure_us", 5000, "exposure_us cannot be 5000"),
        ("exposure_us", 1e9, "300 to 204700"),
        ("pixel_format", "RGB3", "MJPG, YUYV, GREY, Y16"),
        ("focus", 3, "no setting focus"),
        ("trigger", "software", "no setting trigger"),
        ("width", 1000, "640 to 640|640"),
    ],
)
def test_what_the_camera_does_not_take_is_refused_and_put_back(
    camera: FakeCamera, source: UvcSource, name: str, value: float | str, words: str
) -> None:
    before = dict(camera.values)
    with pytest.raises(UnsupportedProperty, match=words):
        source.set(name, value)
    assert camera.values == before


def test_width_then_height_reach_a_size_that_exists_only_together(camera: FakeCamera, source: UvcSource) -> None:
    source.set("pixel_format", "MJPG")
    source.set("width", 1920)
    assert (source.get("width"), source.get("height")) == (1920, 1080)
    source.set("height", 1080)
    with pytest.raises(UnsupportedProperty, match="480, 720, 1080"):
        source.set("height", 1000)
    assert (source.get("width"), source.get("height")) == (1920, 1080)
    assert "1920×1080" in source.description
    assert _next(source).size == (1080, 1920)


def test_sizes_are_found_where_they_cannot_be_asked(camera: FakeCamera) -> None:
    source = UvcSource("0", camera.system(WINDOWS_UNITS, listed=False, limits=ControlLimits()))
    source.open()
    source.set("width", 1280)
    source.set("height", 720)
    assert (source.get("width"), source.get("height")) == (1280, 720)
    source.close()


def test_windows_counts_exposure_in_powers_of_two(camera: FakeCamera) -> None:
    camera.values[cv2.CAP_PROP_EXPOSURE] = -6.0
    source = UvcSource("0", camera.system(WINDOWS_UNITS, listed=False, limits=ControlLimits()))
    source.open()
    assert source.get("exposure_us") == 15625
    source.set("auto_exposure", False)
    assert camera.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 0.25
    source.set("exposure_us", 8000)
    assert camera.values[cv2.CAP_PROP_EXPOSURE] == -7
    source.close()


@pytest.mark.parametrize(
    ("letters", "dtype", "shape"),
    [("MJPG", np.uint8, (480, 640, 3)), ("GREY", np.uint8, (480, 640)), ("Y16", np.uint16, (480, 640))],
)
def test_raw_formats_come_without_loss(
    camera: FakeCamera, source: UvcSource, letters: str, dtype: type[np.generic], shape: tuple[int, ...]
) -> None:
    source.set("pixel_format", letters)
    assert source.get("pixel_format") == letters
    assert camera.values[cv2.CAP_PROP_FOURCC] == code(letters)
    frame = _next(source)
    assert (frame.pixels.dtype, frame.pixels.shape) == (dtype, shape)
    if letters == "Y16":
        assert int(frame.pixels[0, 0]) == camera.count % 200 * 16 + 3
    source.set("pixel_format", "YUYV")
    assert _next(source).pixels.shape == (480, 640, 3)


def test_a_torn_jpeg_is_incomplete_and_the_next_read_goes_on(camera: FakeCamera, source: UvcSource) -> None:
    source.set("pixel_format", "MJPG")
    camera.torn = True
    with pytest.raises(FrameIncomplete) as caught:
        source.read(0.1)
    assert caught.value.sequence == 0
    camera.torn = False
    assert _next(source).sequence == 1


# ── which camera ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _plug(root: Path, index: int, port: str, **facts: str) -> None:
    """A camera in sysfs, as the kernel lists it: two nodes, the second without pictures."""
    usb = root / "devices" / port.partition(":")[0]
    interface = usb / port
    interface.mkdir(parents=True)
    for name, text in facts.items():
        (usb / name).write_text(text + "\n")
    listing = root / "class"
    for number in (index, index + 1):
        node = interface / "video4linux" / f"video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text("Line Camera: Line Camera\n")
        (node / "index").write_text(f"{number - index}\n")
        (node / "device").symlink_to(interface)
        listing.mkdir(exist_ok=True)
        (listing / f"video{number}").symlink_to(node)


def test_cameras_are_listed_from_sysfs_by_serial_number(tmp_path: Path) -> None:
    _plug(tmp_path, 0, "1-1.2:1.0", idVendor="046d", idProduct="0825", serial="ABC123")
    _plug(tmp_path, 2, "1-1.3:1.0", idVendor="046d", idProduct="0825", serial="SAME")
    _plug(tmp_path, 4, "1-1.4:1.0", idVendor="046d", idProduct="0825", serial="SAME")
    _plug(tmp_path, 10, "2-1:1.0", idVendor="0c45", idProduct="6366")
    found = v4l.devices(tmp_path / "class")
    assert [device.index for device in found] == [0, 2, 4, 10]
    assert found[0] == Device(0, "Line Camera: Line Camera", "046d", "0825", "ABC123", "1-1.2:1.0")
    keys = [key_of(device, found) for device in found]
    assert keys == [KEY, "@1-1.3:1.0", "@1-1.4:1.0", "@2-1:1.0"]
    assert [find(key, found) for key in keys] == found
    assert find("ABC123", found) == found[0]
    assert find("10", found) == found[3]
    with pytest.raises(UsageError, match="2 cameras") as caught:
        find("046d:0825:SAME", found)
    assert "uvc:@1-1.4:1.0" in caught.value.remedy
    assert v4l.devices(tmp_path / "nothing") == []


def test_what_a_device_says_of_itself_is_cut_and_cleaned(tmp_path: Path) -> None:
    _plug(tmp_path, 0, "1-1:1.0", idVendor="046d", idProduct="0825", serial="A\x1b[2J" + "9" * 500)
    (found,) = v4l.devices(tmp_path / "class")
    assert found.serial.startswith("A[2J9")
    assert len(found.serial) == 64


def test_limits_of_what_is_no_camera_are_empty(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    assert v4l.limits(DEVICE, tmp_path) == ControlLimits()
    assert v4l.limits(Device(7, "gone"), tmp_path) == ControlLimits()


def test_the_list_of_this_machine_can_be_made() -> None:
    assert all(camera.uri.startswith("uvc:") and camera.camera for camera in uvc.cameras())
    with pytest.raises(UsageError, match="names no camera"):
        uvc.source(" ")
    assert uvc.source("ABC").uri == "uvc:ABC"
