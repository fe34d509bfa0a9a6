"""Sources in a child process: frames, commands, every way to be lost, and nothing left afterwards."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.domain.inspection import Frame
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    PictureError,
    SourceEnded,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.base import FrameSource
from engine.sources.process.source import ApartSource
from engine.sources.supervisor import Opening
from tests.unit.engine.sources.process.apart_sources import hold_camera, make

pytestmark = pytest.mark.slow

PATIENT_S = 120.0
SHM, FDS = Path("/dev/shm"), Path("/proc/self/fd")


def segments(pid: int) -> list[str]:
    """The rings of this station's cameras."""
    return [path.name for path in SHM.glob(f"lineside{pid}.*")] if SHM.is_dir() else []


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Neither a child nor a segment of this test."""
    yield
    assert not [child.name for child in multiprocessing.active_children() if child.name == "lineside-source"]
    assert not segments(os.getpid())


def until(done: Callable[[], bool]) -> bool:
    """Whether it became true."""
    end = time.monotonic() + PATIENT_S
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def source(script: str = "", **limits: float) -> ApartSource:
    return ApartSource(f"acted:?{script}", make=make, **limits)  # type: ignore[arg-type]


@pytest.fixture
def camera() -> Iterator[Callable[..., ApartSource]]:
    """Opens a source that is closed after the test."""
    opened: list[ApartSource] = []

    def one(script: str = "", **limits: float) -> ApartSource:
        opened.append(source(script, **limits))
        opened[-1].open()
        return opened[-1]

    yield one
    for each in opened:
        each.close()


def frames(camera: ApartSource, count: int) -> list[Frame]:
    got: list[Frame] = []
    end = time.monotonic() + PATIENT_S
    while len(got) < count:
        assert time.monotonic() < end, f"only {len(got)} of {count} frames came"
        try:
            got.append(camera.read(0.2))
        except FrameTimeout:
            continue
    return got


def last_word(camera: ApartSource) -> Exception:
    """What ends the frames."""
    end = time.monotonic() + PATIENT_S
    while time.monotonic() < end:
        try:
            camera.read(0.2)
        except FrameTimeout:
            continue
        except (SourceLost, SourceEnded) as error:
            return error
    raise AssertionError("it went on")


def test_frames_settings_and_commands_cross(
    camera: Callable[..., ApartSource], caplog: pytest.LogCaptureFixture
) -> None:
    closed = source()
    assert isinstance(closed, Opening)
    as_protocol: FrameSource = closed
    assert as_protocol.caps() == () and (closed.description, closed.skipped) == ("acted:?", 0)
    with pytest.raises(UsageError, match="not open"):
        closed.read(0.1)
    one = camera("pause=0.002")
    assert (one.free_running, one.live, one.total) == (True, True, None)
    assert one.description == "acted, trigger off, exposure 1000.0"
    assert any(record.name == "acted" and f"process {one.pid}" in record.message for record in caplog.records)
    first = frames(one, 1)[0]
    assert (first.source, first.size, first.device_ns) == (one.uri, (24, 32), first.sequence * 1000)
    one.set("exposure_us", 50.0)
    assert one.get("exposure_us") == 50.0 and one.description.endswith("exposure 50.0")
    assert [capability.name for capability in one.caps()] == ["exposure_us", "trigger"]
    one.check()
    with pytest.raises(UnsupportedProperty, match="10 to 1e\\+09"):
        one.set("exposure_us", -1.0)
    with pytest.raises(UnsupportedProperty, match="no setting"):
        one.get("gain_db")
    with pytest.raises(UnsupportedProperty, match="not triggered"):
        one.trigger()
    assert one.settings == {"exposure_us": 50.0}
    one.set("trigger", "software")
    assert not one.free_running
    one.open()
    assert one.get("exposure_us") == 50.0 and not one.free_running


def test_newest_wins_and_what_nobody_read_is_counted(camera: Callable[..., ApartSource]) -> None:
    one = camera("count=3000")
    got = frames(one, 3)
    assert until(lambda: one.skipped > 200)
    got += frames(one, 2)
    sequences = [frame.sequence for frame in got]
    assert sequences == sorted(set(sequences))
    assert all((frame.pixels == frame.sequence % 251).all() for frame in got)
    while True:
        try:
            got.append(one.read(0.3))
        except FrameTimeout:
            break
    assert got[-1].sequence == 3000
    assert one.skipped == 3000 - len(got)


def test_triggered_every_frame_comes_in_order_and_none_is_no_loss(camera: Callable[..., ApartSource]) -> None:
    one = camera("burst=20&trigger=software", stall_s=0.2)
    for _ in range(4):
        with pytest.raises(FrameTimeout):
            one.read(0.2)
    one.trigger()
    one.trigger()
    time.sleep(0.1)
    got = frames(one, 40)
    assert [frame.sequence for frame in got] == list(range(1, 41))
    assert one.skipped == 0
    times = [frame.triggered_at for frame in got]
    assert all(at is not None and at <= frame.captured_at for at, frame in zip(times, got, strict=True))


def test_hardware_triggered_frames_have_no_time_of_a_trigger(camera: Callable[..., ApartSource]) -> None:
    one = camera("trigger=software")
    one.trigger()
    assert frames(one, 1)[0].triggered_at is not None
    one.set("trigger", "hardware")
    one.set("trigger", "off")
    assert frames(one, 1)[0].triggered_at is None


def test_damaged_frames_are_raised_and_larger_ones_go_on(camera: Callable[..., ApartSource]) -> None:
    one = camera("trigger=software&burst=9&broken=2 4&unreadable=6&large_from=7")
    one.trigger()
    seen: list[object] = []
    end = time.monotonic() + PATIENT_S
    while len(seen) < 9 and time.monotonic() < end:
        try:
            frame = one.read(0.2)
            seen.append((frame.sequence, frame.size))
            assert (frame.pixels == frame.sequence).all()
        except FrameIncomplete as error:
            seen.append((error.sequence, error.message, error.remedy))
        except PictureError as error:
            seen.append(error.name)
        except FrameTimeout:
            continue
    small, large = (24, 32), (480, 640)
    two, four = ((n, f"Packets of frame {n} are missing.", "Check the cable.") for n in (2, 4))
    end_of_it = ["a/picture.png", (7, large), (8, large), (9, large)]
    assert seen == [(1, small), two, (3, small), four, (5, small), *end_of_it]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("act=die&at=3", "ended unexpectedly"),
        ("act=killed&at=3", "ended unexpectedly"),
        ("act=odd&at=3", "driver failed (ZeroDivisionError: in the driver)."),
        ("act=lost&at=3", "The camera is gone."),
        ("act=hang&at=3", "hangs"),
        ("act=hold&at=3", "hangs"),
        ("act=quiet&at=3", "The camera answers but no pictures arrive."),
        ("act=quiet&at=1", "The control connection works, but no pictures arrive."),
        ("count=3&check=fails", "does not answer"),
        ("trigger=hardware&check=fails", "does not answer"),
    ],
)
def test_a_loss_is_told_in_words_and_the_next_opening_works(
    camera: Callable[..., ApartSource], script: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    # Only where silence is the loss may it be short: a loaded machine is silent too.
    silent = any(act in script for act in ("hang", "hold", "quiet", "check"))
    one = camera(script, **({"silent_s": 1.5, "stall_s": 0.6} if silent else {}))
    error = last_word(one)
    assert isinstance(error, SourceLost) and error.remedy
    assert words in str(error)
    with pytest.raises(SourceLost):
        one.read(0.1)
    with pytest.raises(SourceLost):
        one.get("exposure_us")
    if "killed" in script:
        assert "exit code -9" in caplog.text
    begun = time.monotonic()
    one.close()
    assert time.monotonic() - begun < 50, "it waited for the driver, which sleeps for a minute"
    if "lost" in script:
        one.open()
        if one.free_running:
            assert frames(one, 1)[0].sequence < 3


def test_a_slow_camera_is_not_taken_for_a_stalled_one(camera: Callable[..., ApartSource]) -> None:
    """Four frame periods are over first, as the device tells them."""
    one = camera("count=1&rate=2", stall_s=0.2)
    begun = time.monotonic()
    assert isinstance(last_word(one), SourceLost)
    assert time.monotonic() - begun > 1.8


def test_the_last_frames_come_before_the_end(camera: Callable[..., ApartSource]) -> None:
    one = camera("trigger=software&burst=30&count=9&end=1")
    one.trigger()
    assert [frame.sequence for frame in frames(one, 9)] == list(range(1, 10))
    assert isinstance(last_word(one), SourceEnded)


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("open=missing", SourceNotFound, "The camera is not there."),
        ("open=hang", SourceLost, "no answer within 1 s"),
        ("open=die", SourceLost, "ended unexpectedly"),
    ],
)
def test_an_opening_that_fails_says_why(script: str, kind: type[SourceLost], words: str) -> None:
    one = source(script, open_s=1.0 if "hang" in script else PATIENT_S)
    with pytest.raises(kind, match=words):
        one.open()
    assert one.pid is None


def test_a_setting_refused_and_a_uri_unknown_end_the_opening() -> None:
    one = ApartSource("acted:", make=make, settings={"trigger": "software", "exposure_us": -5.0})
    with pytest.raises(UnsupportedProperty, match="exposure_us"):
        one.open()
    with pytest.raises(UsageError, match="no kind of source"):
        ApartSource("nothing:", make=make).open()


def test_begin_returns_at_once_and_commands_wait_for_no_hanging_driver() -> None:
    one = source("open=hang")
    begun = time.monotonic()
    one.begin()
    assert not one.opened(0)
    with pytest.raises(SourceLost, match="not open yet"):
        one.get("exposure_us")
    with pytest.raises(FrameTimeout):
        one.read(0.05)
    one.close()
    one.close()
    assert time.monotonic() - begun < 50, "it waited for the driver, which sleeps for a minute"


def test_commands_from_other_threads_while_one_reads(camera: Callable[..., ApartSource]) -> None:
    one = camera("pause=0.001")
    stop, errors, answers = threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                one.read(0.2)
            except FrameTimeout:
                continue
            except UsageError:
                return
            except Exception as error:
                errors.append(error)

    def change(first: int) -> None:
        for n in range(first, first + 20):
            one.set("exposure_us", float(n))
            answers.append(one.get("exposure_us"))

    threads = [threading.Thread(target=read)]
    threads += [threading.Thread(target=change, args=(first,)) for first in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    one.close()
    stop.set()
    threads[0].join()
    assert not errors and len(answers) == 60


@pytest.mark.skipif(not FDS.is_dir(), reason="counts open files by /proc")
def test_ten_openings_leave_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Closed in order, killed from outside, dead by itself, hanging at the close: no file, thread or process more."""
    logging.getLogger("engine.sources.process.child").setLevel(logging.CRITICAL)
    scripts = ["", "act=die&at=2", "", "large_from=3", "act=killed&at=2"] * 2
    counts: list[tuple[int, int]] = []
    one = source("close=hang")
    one.open()
    frames(one, 1)
    one.close()
    for number, script in enumerate(scripts):
        one = source(f"pause=0.001&{script}")
        one.open()
        frames(one, 1)
        if number % 5 == 0:
            assert one.pid is not None
            os.kill(one.pid, signal.SIGKILL)
            assert isinstance(last_word(one), SourceLost)
        one.close()
        counts.append((len(list(FDS.iterdir())), threading.active_count()))
    assert max(counts[1:]) <= counts[0], counts


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_in_the_terminal_does_not_reach_the_camera(camera: Callable[..., ApartSource]) -> None:
    one = camera("pause=0.001")
    assert one.pid is not None
    os.kill(one.pid, signal.SIGINT)
    assert len(frames(one, 20)) == 20


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_stopped_process_is_a_hanging_driver(camera: Callable[..., ApartSource]) -> None:
    one = camera("pause=0.001", silent_s=1.0)
    frames(one, 1)
    assert one.pid is not None
    os.kill(one.pid, signal.SIGSTOP)
    assert "hangs" in str(last_word(one))


def test_a_camera_does_not_outlive_a_killed_station(tmp_path: Path) -> None:
    """Though its driver hangs: the station is killed, the child and its memory go."""
    pid_file = tmp_path / "pid"
    station = multiprocessing.get_context("spawn").Process(target=hold_camera, args=(str(pid_file),), daemon=False)
    station.start()
    assert until(lambda: pid_file.exists() and pid_file.read_text(encoding="utf-8") != "")
    child = int(pid_file.read_text(encoding="utf-8"))
    assert station.pid is not None and (segments(station.pid) or not SHM.is_dir())
    killed = station.pid
    station.kill()
    station.join()
    station.close()
    assert until(lambda: not _alive(child) and not segments(killed))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
