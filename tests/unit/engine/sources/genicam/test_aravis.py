"""GigE Vision through Aravis, in this process, against Aravis' own camera on 127.0.0.1."""

from __future__ import annotations

import importlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Frame, utc_now
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
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_here
from engine.sources.process.source import ApartSource
from tests.peers.gige import ADDRESS, FakeGigE, need_aravis
from tests.peers.stopwatch import Stopwatch

pytestmark = [pytest.mark.prove(shard="cameras"), pytest.mark.timeout(900)]
PATIENCE_S = 120.0


Make = Callable[..., FrameSource]
Peer = Callable[..., FakeGigE]


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Cameras, ended after the sources that hold them."""
    need_aravis()
    with ExitStack() as ending:
        yield lambda serial="LS01", **options: ending.enter_context(FakeGigE(serial, **options))


@pytest.fixture
def make(peer: Peer) -> Iterator[Make]:
    """Sources, closed at the end."""
    aravis = importlib.import_module("engine.sources.genicam.aravis")
    with ExitStack() as closing:

        def source(rest: str = ADDRESS) -> FrameSource:
            made: FrameSource = aravis.source(rest)
            closing.callback(made.close)
            return made

        yield source


def following(source: FrameSource, damaged: list[FrameIncomplete] | None = None) -> Frame:
    """The next whole frame; a loaded machine loses packets of those before, which go to `damaged`."""
    until = time.monotonic() + PATIENCE_S
    while True:
        assert time.monotonic() < until, "no frame came"
        try:
            return source.read(0.2)
        except FrameTimeout:
            continue
        except FrameIncomplete as error:
            if damaged is not None:
                damaged.append(error)


def lost(source: FrameSource) -> SourceLost:
    """What the source says once it notices; read until then as the child process does."""
    until = time.monotonic() + PATIENCE_S
    while True:
        assert time.monotonic() < until, "the loss went unnoticed"
        try:
            source.read(0.2)
        except SourceLost as error:
            return error
        except (FrameTimeout, FrameIncomplete):
            try:
                source.check()
            except SourceLost as error:
                return error


def test_the_uri_is_checked_before_anything_is_opened(make: Make) -> None:
    for wrong in ("", " ", "?packet_socket=1", "GV01?packet_socket=2", "GV01?speed=1"):
        with pytest.raises(UsageError):
            make(wrong)
    assert make("GV01?packet_socket=1").uri == "gige:GV01?packet_socket=1"


def test_a_camera_is_found_and_opened_by_its_serial_number(make: Make, peer: Peer) -> None:
    peer("LS77")
    found = importlib.import_module("engine.sources.genicam.aravis").cameras()
    ours = [info for info in found if info.serial == "LS77"]
    assert [info.uri for info in ours] == ["gige:LS77"] and ours[0].camera
    assert "Aravis Fake" in ours[0].description
    source = make("LS77")
    source.open()
    assert following(source).source == "gige:LS77"
    source.close()
    with pytest.raises(SourceNotFound):
        make("LS78").open()


@pytest.mark.smoke
def test_full_pictures_come_whole_with_the_cameras_count_and_time(make: Make, peer: Peer) -> None:
    peer()
    source = make()
    source.open()
    for name, value in (("width", 1920), ("height", 1080), ("frame_rate", 30.0)):
        source.set(name, value)
    assert "1920×1080" in source.description and source.live and source.free_running
    frames = [following(source) for _ in range(30)]
    assert {frame.pixels.shape for frame in frames} == {(1080, 1920)}
    sequences = [frame.sequence for frame in frames]
    assert sequences == sorted(set(sequences))
    for before, frame in pairwise(frames):
        assert frame.device_ns > before.device_ns
        assert frame.exposed_at is not None and before.exposed_at is not None
        assert before.exposed_at < frame.exposed_at <= frame.captured_at <= utc_now()
        assert is_ramp(frame)


def is_ramp(frame: Frame) -> bool:
    """Aravis' pattern at its default exposure: (x + y + frame id) mod 255."""
    height, width = frame.size
    y, x = np.mgrid[:height, :width]
    return bool(np.array_equal(frame.pixels, (x + y + int(frame.pixels[0, 0])) % 255))


@pytest.mark.smoke
def test_settings_are_read_back_from_the_camera_and_bad_ones_refused(make: Make, peer: Peer) -> None:
    peer()
    source = make()
    assert source.caps() == ()
    source.open()
    names = {capability.name for capability in source.caps()}
    assert {"exposure_us", "frame_rate", "width", "pixel_format", "packet_size", "trigger"} <= names
    source.set("exposure_us", 2500.0)
    source.set("packet_size", 4000)
    source.close()
    source.open()
    assert source.get("exposure_us") == 2500.0
    for name, value in (("exposure_us", 1.0), ("width", 1_000_000), ("pixel_format", "Best"), ("zoom", 1)):
        with pytest.raises(UnsupportedProperty):
            source.set(name, value)
    with pytest.raises(UnsupportedProperty):
        source.trigger()


def test_region_and_pixel_format_change_while_it_streams(make: Make, peer: Peer) -> None:
    peer()
    source = make()
    source.open()
    last = following(source).sequence
    for name, value in (("width", 320), ("height", 200), ("offset_x", 16), ("pixel_format", "BayerRG8")):
        source.set(name, value)
    frame = following(source)
    assert frame.size == (200, 320) and frame.bayer == "RGGB" and frame.sequence > last
    source.set("pixel_format", "Mono16")
    frame = following(source)
    assert frame.pixels.dtype == np.uint16 and (frame.bits, frame.bayer) == (16, "")
    source.set("pixel_format", "RGB8")
    assert following(source).pixels.shape == (200, 320, 3)


def test_one_software_trigger_takes_one_picture(make: Make, peer: Peer, tmp_path: Path) -> None:
    pictures = served(tmp_path, 5)
    peer(pictures=tmp_path)
    source = make()
    source.open()
    source.set("trigger", "software")
    assert not source.free_running
    for turn in range(7):
        source.trigger()
        frame = following(source)
        assert frame.sequence == turn + 1 and source.skipped == 0
        assert np.array_equal(frame.pixels, pictures[turn % 5])
        with pytest.raises(FrameTimeout):
            source.read(0.05)


def served(folder: Path, count: int) -> list[np.ndarray]:
    """Pictures of noise, written to files."""
    random = np.random.default_rng(3)
    pictures = [random.integers(0, 256, (48, 64), dtype=np.uint8) for _ in range(count)]
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"part{index}.png"), picture)
    return pictures


def test_a_lost_packet_makes_the_frame_incomplete_and_no_damaged_picture_is_handed_on(make: Make, peer: Peer) -> None:
    whole: list[Frame] = []
    damaged: list[FrameIncomplete] = []
    peer(lose=5)
    source = make()
    source.open()
    source.set("packet_size", 3000)
    source.set("frame_rate", 50.0)
    until = time.monotonic() + PATIENCE_S
    while len(whole) < 5 or len(damaged) < 5:
        assert time.monotonic() < until, (len(whole), len(damaged))
        whole.append(following(source, damaged))
    assert all(is_ramp(frame) for frame in whole)
    assert not {error.sequence for error in damaged} & {frame.sequence for frame in whole}
    assert all("picture" in error.message for error in damaged)


def test_a_camera_that_somebody_controls_is_busy(make: Make, peer: Peer) -> None:
    peer()
    first, second = make(), make()
    first.open()
    with pytest.raises(SourceBusy):
        second.open()
    first.close()
    second.open()
    following(second)


@pytest.fixture
def apart(peer: Peer) -> Iterator[ApartSource]:
    """A camera in a process of its own, as the station opens each: a lost one is left to the process's end."""
    source = ApartSource(FakeGigE.uri, make=open_here, silent_s=90.0)
    yield source
    source.close()


@pytest.mark.smoke
def test_a_killed_camera_is_lost_within_seven_seconds_and_opens_again(apart: ApartSource, peer: Peer) -> None:
    camera = peer()
    apart.open()
    following(apart)
    camera.kill()
    with Stopwatch() as watch:
        assert "does not answer" in lost(apart).message
    assert watch.seconds < 7
    with pytest.raises(SourceLost):
        apart.open()
    camera.restart()
    opened_again(apart)
    following(apart)


def test_a_frozen_camera_is_lost_and_opens_again(apart: ApartSource, peer: Peer) -> None:
    camera = peer()
    apart.open()
    following(apart)
    camera.freeze()
    with Stopwatch() as watch:
        assert "does not answer" in lost(apart).message
    assert watch.seconds < 7
    camera.resume()
    try:
        opened_again(apart)
        following(apart)
    except SourceLost:
        # Just awake, this camera may answer before it streams: the supervisor tries again, and so does this.
        opened_again(apart)
        following(apart)


def test_a_camera_that_was_restarted_is_known_for_it(apart: ApartSource, peer: Peer) -> None:
    camera = peer()
    apart.open()
    following(apart)
    assert apart.pid is not None
    # It must not look while the camera is away.
    os.kill(apart.pid, signal.SIGSTOP)
    camera.kill()
    camera.restart()
    os.kill(apart.pid, signal.SIGCONT)
    assert "restarted" in lost(apart).message
    opened_again(apart)
    following(apart)


def opened_again(source: FrameSource) -> None:
    """Open it; a camera keeps its controller for three seconds after that went silent.

    Aravis' fake one takes anybody's question for a sign of life: it must be left alone for so long.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return source.open()
        except SourceBusy:
            assert time.monotonic() < until
            time.sleep(3.5)


def test_nobody_at_the_address_is_not_found_or_lost(make: Make) -> None:
    with pytest.raises(SourceLost):
        make("127.0.0.9").open()


def test_it_opens_and_closes_again_and_again_without_keeping_anything(make: Make, peer: Peer) -> None:
    peer()
    source = make()
    counts = []
    for _ in range(5):
        source.open()
        following(source)
        source.close()
        source.close()
        counts.append((len(list(Path("/proc/self/fd").iterdir())), len(list(Path("/proc/self/task").iterdir()))))
    assert counts[-1] <= counts[0]
    with pytest.raises(LinesideError):
        source.read(0.1)
