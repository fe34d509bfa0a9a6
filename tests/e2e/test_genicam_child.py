"""GenICam and Basler cameras as the station opens them: in a child that is killed, found lost, and begun again."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.domain.inspection import Frame
from engine.errors import FrameTimeout, SourceLost
from engine.sources.base import FrameSource
from engine.sources.catalogue import find_cameras, open_source
from engine.sources.process.source import ApartSource
from engine.sources.supervisor import SourceState, Supervisor

genicam = pytest.importorskip("genicam", reason="harvesters and genicam are not installed")
pytest.importorskip("pypylon", reason="pypylon is not installed")

DEADLINE_S = 120.0


@pytest.fixture(autouse=True)
def simulators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(Path(genicam.__file__).parent))
    monkeypatch.setenv("PYLON_CAMEMU", "1")


@pytest.fixture(params=["genicam:1", "basler:0815-0000"])
def camera(request: pytest.FixtureRequest) -> Iterator[ApartSource]:
    source = open_source(request.param)
    assert isinstance(source, ApartSource)
    yield source
    source.close()


def frame_of(source: FrameSource) -> Frame:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return source.read(0.2)
        except FrameTimeout:
            assert time.monotonic() < deadline, "no frame"


def read_on(source: FrameSource) -> None:
    """Read until something stops it."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        frame_of(source)


def wait_open(source: Supervisor) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while source.state is not SourceState.STREAMING:
        assert time.monotonic() < deadline, source.words
        with suppress(FrameTimeout):
            source.read(0.2)


@pytest.mark.prove(shard="kills")
def test_killed_child_is_lost_and_comes_back_as_it_was_set(camera: ApartSource) -> None:
    told: list[SourceState] = []

    def tell(state: SourceState, words: str, retry_s: float) -> None:
        told.append(state)

    settings = {"pixel_format": "Mono8", "width": 320, "height": 240}
    source = Supervisor(camera, settings, tell, retry_s=(0.1,))
    source.open()
    try:
        assert frame_of(source).pixels.shape == (240, 320)
        first = camera.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(SourceLost):
            read_on(source)
        assert frame_of(source).pixels.shape == (240, 320)
        assert camera.pid not in (None, first)
        assert {name: source.get(name) for name in settings} == settings
        assert [told.count(state) for state in (SourceState.LOST, SourceState.STREAMING)] == [1, 2]
    finally:
        source.close()
    assert camera.pid is None


def test_software_trigger_crosses_the_process_one_to_one() -> None:
    source = Supervisor(open_source("basler:0815-0000"), {"width": 64, "height": 48, "trigger": "software"})
    source.open()
    try:
        wait_open(source)
        with pytest.raises(FrameTimeout):
            source.read(0.2)
        sequences = []
        for _ in range(3):
            source.trigger()
            sequences.append(frame_of(source).sequence)
        with pytest.raises(FrameTimeout):
            source.read(0.2)
        assert not source.free_running
        assert sequences == [sequences[0], sequences[0] + 1, sequences[0] + 2]
    finally:
        source.close()


def test_both_kinds_are_discovered_by_serial_number() -> None:
    found, _ = find_cameras(DEADLINE_S)
    assert {"genicam:0", "genicam:1", "genicam:2", "basler:0815-0000"} <= {info.uri for info in found}
