"""pylon's emulated cameras, in this process: pictures from a folder, triggers, failed buffers, depths."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("pypylon.pylon", reason="pypylon is not installed")

from engine.domain.inspection import Frame
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.genicam import pylon as kind

SERIAL = "0815-0001"
DEADLINE_S = 120.0


@pytest.fixture(autouse=True)
def emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYLON_CAMEMU", "2")


@pytest.fixture
def camera() -> Iterator[kind.BaslerSource]:
    source = kind.source(SERIAL)
    source.open()
    for name, value in (("width", 64), ("height", 48)):
        source.set(name, value)
    yield source
    source.close()


def frame_of(source: kind.BaslerSource) -> Frame:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return source.read(0.2)
        except FrameTimeout:
            assert time.monotonic() < deadline, "no frame"


def node(source: kind.BaslerSource, name: str, value: object) -> None:
    """Set what only the emulator has."""
    source._camera.GetNodeMap().GetNode(name).SetValue(value)


def test_emulated_cameras_are_listed_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [info for info in kind.cameras() if "Emulation" in info.description]
    assert [info.uri for info in found] == ["basler:0815-0000", "basler:0815-0001"]
    assert all(info.camera and info.kind == "basler" and info.serial for info in found)
    monkeypatch.delenv("PYLON_CAMEMU")
    assert not any("Emulation" in info.description for info in kind.cameras())


def test_camera_that_is_not_there_is_not_found() -> None:
    with pytest.raises(SourceNotFound, match="nobody"):
        kind.source("nobody").open()
    with pytest.raises(UsageError):
        kind.source(" ")


def test_closed_source_says_so() -> None:
    source = kind.source(SERIAL)
    assert source.caps() == ()
    with pytest.raises(UsageError):
        source.read(0.1)
    with pytest.raises(UnsupportedProperty):
        source.set("width", 64)
    source.close()


def test_free_run_numbers_its_frames(camera: kind.BaslerSource) -> None:
    assert camera.free_running
    frames = [frame_of(camera) for _ in range(10)]
    sequences = [frame.sequence for frame in frames]
    assert sequences == sorted(set(sequences))
    assert sequences[-1] - sequences[0] - 9 == camera.skipped
    assert {frame.pixels.shape for frame in frames} == {(48, 64)}


def test_each_software_trigger_gives_the_next_picture_of_the_folder(camera: kind.BaslerSource, tmp_path: Path) -> None:
    for place in range(3):
        cv2.imwrite(str(tmp_path / f"part{place}.png"), np.full((48, 64), 40 * place + 20, np.uint8))
    node(camera, "ImageFilename", str(tmp_path))
    node(camera, "ImageFileMode", "On")
    node(camera, "TestImageSelector", "Off")
    camera.set("trigger", "software")
    assert not camera.free_running
    with pytest.raises(FrameTimeout):
        camera.read(0.1)
    greys, sequences = [], []
    for _ in range(5):
        camera.trigger()
        frame = frame_of(camera)
        assert frame.pixels.min() == frame.pixels.max()
        greys.append(int(frame.pixels[0, 0]))
        sequences.append(frame.sequence)
    with pytest.raises(FrameTimeout):
        camera.read(0.1)
    assert greys == [20, 60, 100, 20, 60]
    assert sequences == list(range(sequences[0], sequences[0] + 5))


def test_triggers_in_a_row_are_all_waited_for(camera: kind.BaslerSource) -> None:
    camera.set("trigger", "software")
    for _ in range(4):
        camera.trigger()
    frames = [frame_of(camera) for _ in range(4)]
    assert [frame.sequence - frames[0].sequence for frame in frames] == [0, 1, 2, 3]


def test_failed_buffer_is_incomplete_and_counts(camera: kind.BaslerSource) -> None:
    camera.set("trigger", "software")
    camera.trigger()
    before = frame_of(camera)
    node(camera, "ForceFailedBufferCount", 1)
    camera._camera.GetNodeMap().GetNode("ForceFailedBuffer").Execute()
    camera.trigger()
    with pytest.raises(FrameIncomplete) as caught:
        frame_of(camera)
    assert caught.value.sequence == before.sequence + 1
    camera.trigger()
    assert frame_of(camera).sequence == before.sequence + 2


@pytest.mark.parametrize(
    ("form", "bits", "bayer", "shape"),
    [("Mono12", 12, "", (48, 64)), ("BayerRG8", 0, "RGGB", (48, 64)), ("BGR8Packed", 0, "", (48, 64, 3))],
)
def test_depth_and_mosaic_arrive_as_the_format_says(
    camera: kind.BaslerSource, form: str, bits: int, bayer: str, shape: tuple[int, ...]
) -> None:
    frame_of(camera)
    camera.set("pixel_format", form)
    frame = frame_of(camera)
    assert (frame.bits, frame.bayer, frame.pixels.shape) == (bits, bayer, shape)
    assert frame.pixels.dtype == (np.uint16 if bits else np.uint8)
    if bits:
        assert 255 < frame.pixels.max() < 1 << bits


def test_settings_are_those_of_the_camera(camera: kind.BaslerSource) -> None:
    frame_of(camera)
    camera.set("exposure_us", 1234)
    camera.set("gain_db", 6)
    camera.set("frame_rate", 50)
    caps = {capability.name: capability for capability in camera.caps()}
    assert caps["exposure_us"].value == camera.get("exposure_us") == 1234.0
    assert caps["gain_db"].value == pytest.approx(6, abs=0.1)
    assert caps["frame_rate"].value == 50.0
    assert caps["trigger"].choices == ("off", "software", "hardware")
    for name, value in (("exposure_us", -5), ("width", 5000), ("pixel_format", "RGB16Packed"), ("burst", 2)):
        with pytest.raises(UnsupportedProperty):
            camera.set(name, value)
    camera.set("width", 4096)
    camera.set("width", 64)
    camera.set("offset_x", 4000)
    camera.set("width", 128)
    assert (camera.get("width"), camera.get("offset_x")) == (128, 3968)


def test_hardware_trigger_waits_for_its_line(camera: kind.BaslerSource) -> None:
    for name, value in (("trigger_line", "Line2"), ("trigger_edge", "falling"), ("trigger", "hardware")):
        camera.set(name, value)
    assert {name: camera.get(name) for name in ("trigger", "trigger_line", "trigger_edge")} == {
        "trigger": "hardware",
        "trigger_line": "Line2",
        "trigger_edge": "falling",
    }
    with pytest.raises(UnsupportedProperty):
        camera.trigger()
    with pytest.raises(FrameTimeout):
        camera.read(0.1)
    camera.check()


def test_opens_and_closes_without_leaving_anything() -> None:
    source = kind.source("0815-0000")
    counts = []
    for _ in range(5):
        source.open()
        frame_of(source)
        source.close()
        source.close()
        counts.append((threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))))
    assert len(set(counts[1:])) == 1
