"""The genicam package's own simulator through harvesters, in this process: one class of camera, a real producer."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

genicam = pytest.importorskip("genicam", reason="harvesters and genicam are not installed")
pytest.importorskip("harvesters.core", reason="harvesters and genicam are not installed")

from harvesters.core import ImageAcquirer  # noqa: E402

from engine.domain.inspection import Frame  # noqa: E402
from engine.errors import (  # noqa: E402
    EnvironmentFailure,
    FrameIncomplete,
    FrameTimeout,
    SourceBusy,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.genicam import harvesters as kind  # noqa: E402
from engine.sources.genicam.harvesters_buffer import image_in, stamp  # noqa: E402

PRODUCERS = Path(genicam.__file__).parent
DEADLINE_S = 120.0


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kind.PRODUCER_PATH, str(PRODUCERS))


@pytest.fixture
def camera() -> Iterator[kind.GenicamSource]:
    source = kind.source("1")
    source.open()
    yield source
    source.close()


def frame_of(source: kind.GenicamSource) -> Frame:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return source.read(0.2)
        except FrameTimeout:
            assert time.monotonic() < deadline, "no frame"


def test_cameras_are_listed_by_serial_number() -> None:
    found = kind.cameras()
    assert [info.uri for info in found] == ["genicam:0", "genicam:1", "genicam:2"]
    assert all(info.camera and info.kind == "genicam" and "Viky" in info.description for info in found)


def test_harvesters_does_not_set_the_filters_of_warnings() -> None:
    program = (
        "import engine.sources.genicam.harvesters, warnings; print(any(rule[0] == 'once' for rule in warnings.filters))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")


def test_no_producer_no_cameras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(kind.PRODUCER_PATH, os.pathsep.join((str(tmp_path), str(tmp_path / "gone"), "")))
    assert kind.cameras() == []
    with pytest.raises(EnvironmentFailure, match="no GenTL producer"):
        kind.source("1").open()


def test_producer_may_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kind.PRODUCER_PATH)
    source = kind.source(f"2?cti={PRODUCERS / 'viky.cti'}")
    source.open()
    try:
        assert frame_of(source).source == source.uri == f"genicam:2?cti={PRODUCERS / 'viky.cti'}"
    finally:
        source.close()
    with pytest.raises(EnvironmentFailure, match="is missing"):
        kind.source("2?cti=gone.cti").open()


@pytest.mark.parametrize("rest", ["", "  ", "?cti=x.cti", "1?packet=9"])
def test_wrong_use_is_refused_before_anything_is_loaded(rest: str) -> None:
    with pytest.raises(UsageError):
        kind.source(rest)


def test_closed_source_says_so() -> None:
    source = kind.source("1")
    assert source.caps() == ()
    assert source.free_running
    with pytest.raises(UsageError):
        source.read(0.1)
    with pytest.raises(UnsupportedProperty):
        source.get("width")
    source.close()


def test_camera_that_is_not_there_is_not_found() -> None:
    with pytest.raises(SourceNotFound, match="nobody"):
        kind.source("nobody").open()


def test_pictures_are_numbered_copies(camera: kind.GenicamSource) -> None:
    first = frame_of(camera)
    assert first.pixels.shape == (400, 400, 3)
    kept = first.pixels.copy()
    rest = [frame_of(camera) for _ in range(25)]
    assert [frame.sequence for frame in rest] == [first.sequence + 1 + place for place in range(25)]
    assert np.array_equal(first.pixels, kept), "the producer's buffer was handed on"
    assert any(not np.array_equal(frame.pixels, kept) for frame in rest)
    assert (first.device_ns, first.exposed_at, camera.skipped) == (0, None, 0)


def test_what_is_locked_while_streaming_is_set_at_rest(camera: kind.GenicamSource) -> None:
    before = frame_of(camera)
    for name, value in (("pixel_format", "Mono8"), ("width", 320), ("height", 240), ("frame_rate", 100)):
        camera.set(name, value)
    frames = [frame_of(camera) for _ in range(3)]
    assert {frame.pixels.shape for frame in frames} == {(240, 320)}
    assert [frame.sequence for frame in frames] == [before.sequence + 1 + place for place in range(3)]
    assert camera.get("frame_rate") == 100.0
    assert {name: camera.get(name) for name in ("width", "height")} == {"width": 320, "height": 240}


def test_what_the_camera_does_not_take_is_refused(camera: kind.GenicamSource) -> None:
    for name, value in (("width", 5000), ("pixel_format", "Mono12"), ("exposure_us", 10), ("trigger", "software")):
        with pytest.raises(UnsupportedProperty):
            camera.set(name, value)
    with pytest.raises(UnsupportedProperty):
        camera.trigger()
    assert frame_of(camera).pixels.shape == (400, 400, 3)


@pytest.mark.slow
def test_slow_camera_times_out_and_goes_on(camera: kind.GenicamSource) -> None:
    camera.set("frame_rate", 1)
    frame_of(camera)
    with pytest.raises(FrameTimeout):
        camera.read(0.05)
    camera.check()
    frame_of(camera)


def test_incomplete_buffer_is_no_frame(camera: kind.GenicamSource) -> None:
    before = frame_of(camera)
    # What harvesters does with a buffer its producer calls incomplete.
    camera._acquirer._emit_callbacks(ImageAcquirer.Events.INCOMPLETE_BUFFER)
    with pytest.raises(FrameIncomplete) as caught:
        frame_of(camera)
    assert caught.value.sequence == before.sequence + 1
    assert frame_of(camera).sequence > before.sequence


def test_held_camera_is_busy(camera: kind.GenicamSource) -> None:
    with pytest.raises(SourceBusy):
        camera._connected(camera._harvester)


def test_camera_that_goes_away_is_lost_and_opens_again(camera: kind.GenicamSource) -> None:
    frame_of(camera)
    camera._acquirer.device.module.close()
    for act in (camera.check, lambda: camera.read(0.2), lambda: camera.set("width", 200)):
        with pytest.raises(SourceLost):
            act()
    camera.close()
    camera.open()
    frame_of(camera)


def test_opens_and_closes_without_leaving_anything() -> None:
    handler = signal.getsignal(signal.SIGINT)
    source = kind.source("0")
    counts = []
    for _ in range(5):
        source.open()
        frame_of(source)
        source.close()
        source.close()
        counts.append((threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))))
    assert len(set(counts[1:])) == 1
    assert signal.getsignal(signal.SIGINT) is handler, "harvesters kept Ctrl+C"


def part(code: int, data: range, size: tuple[int, int]) -> SimpleNamespace:
    return SimpleNamespace(
        data_format=code, data_offset=data.start, data_size=len(data), width=size[0], height=size[1], x_padding=0
    )


def test_first_flat_picture_of_several_parts_is_taken() -> None:
    depth = part(0x022000BC, range(24), (3, 2))  # Coord3D_C32f
    grey = part(0x01080001, range(24, 30), (3, 2))
    buffer = SimpleNamespace(raw_buffer=bytes(range(40)), size_filled=30, payload_type=10, parts=[depth, grey])
    image = image_in(buffer, None)
    assert (image.form, image.width, image.height) == ("Mono8", 3, 2)
    assert image.data.tolist() == list(range(24, 30))
    buffer.parts = [depth]
    with pytest.raises(UnsupportedProperty, match="3-D"):
        image_in(buffer, None)


def test_time_stamp_in_ticks_becomes_nanoseconds() -> None:
    stream = SimpleNamespace(parent=SimpleNamespace(timestamp_frequency=125_000_000))

    class Ticking:
        timestamp = 250_000_001
        parent = stream

        @property
        def timestamp_ns(self) -> int:
            raise genicam.gentl.NotAvailableException

    assert stamp(Ticking()) == 2_000_000_008
    assert stamp(SimpleNamespace(timestamp_ns=77)) == 77
