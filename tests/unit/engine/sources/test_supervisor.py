"""A source that goes away comes back by itself, with its settings, and whoever reads is never kept waiting."""

from __future__ import annotations

import time

import pytest

from engine.errors import (
    EnvironmentFailure,
    FrameIncomplete,
    FrameTimeout,
    SourceBusy,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.base import FrameSource
from engine.sources.supervisor import RETRY_S, SourceState, Supervisor
from tests.camera import FakeCamera, SlowCamera

CLOSED, OPENING, STREAMING = SourceState.CLOSED, SourceState.OPENING, SourceState.STREAMING
LOST, BACKOFF = SourceState.LOST, SourceState.BACKOFF


class Clock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Heard:
    """What a supervisor told."""

    def __init__(self) -> None:
        self.all: list[tuple[SourceState, str, float]] = []

    def __call__(self, state: SourceState, words: str, retry_s: float) -> None:
        self.all.append((state, words, retry_s))

    @property
    def states(self) -> list[SourceState]:
        return [state for state, _, _ in self.all]


def _read(source: Supervisor) -> None:
    with pytest.raises(FrameTimeout):
        source.read(0.0)


def test_a_lost_camera_is_told_once_and_reopened_after_growing_waits() -> None:
    camera, clock, heard = FakeCamera(), Clock(), Heard()
    source: FrameSource = (supervisor := Supervisor(camera, tell=heard, clock=clock))
    source.open()
    assert source.read(0.0).sequence == 1
    camera.away = camera.refuses = SourceLost("The cable is out.", "Plug it in.")
    with pytest.raises(SourceLost, match="cable"):
        source.read(0.0)
    assert supervisor.state is BACKOFF
    for wait in (0.5, 1.0, 2.0, 5.0, 5.0):
        assert supervisor.retry_in == pytest.approx(wait)
        clock.now += wait - 0.01
        _read(supervisor)
        assert camera.opened_times == 1
        clock.now += 0.02
        _read(supervisor)
    camera.away = camera.refuses = None
    clock.now += 5.1
    _read(supervisor)
    assert supervisor.state is STREAMING
    assert source.read(0.0).sequence == 2
    assert heard.states.count(LOST) == 1
    assert [retry for state, _, retry in heard.all if state is BACKOFF] == [0.5, 1.0, 2.0, 5.0, 5.0, 5.0]
    assert "The cable is out. Plug it in." in {words for _, words, _ in heard.all}
    assert RETRY_S == (0.5, 1.0, 2.0, 5.0)
    source.close()


def test_the_time_a_try_took_counts_as_waiting() -> None:
    camera, clock, heard = SlowCamera(), Clock(), Heard()
    source = Supervisor(camera, tell=heard, clock=clock)
    source.open()
    for took in (0.2, 1.6, 1.6, 1.6, 9.0):
        camera.ready = False
        _read(source)
        clock.now += took
        camera.ready = SourceNotFound("not there")
        _read(source)
        clock.now += source.retry_in + 0.001
        _read(source)
    waits = [round(retry, 3) for state, _, retry in heard.all if state is BACKOFF]
    assert waits == [0.5, 0.5, 0.5, 3.4, 0.5]
    source.close()


def test_settings_are_applied_at_every_opening_trigger_last() -> None:
    camera, clock = FakeCamera(), Clock()
    source = Supervisor(camera, {"trigger": "software", "exposure_us": 500.0}, clock=clock)
    source.open()
    source.set("gain_db", 6.0)
    assert camera.applied == [("exposure_us", 500.0), ("trigger", "software"), ("gain_db", 6.0)]
    camera.away = SourceLost("gone")
    with pytest.raises(SourceLost):
        source.read(0.0)
    source.set("exposure_us", 700.0)
    camera.away, camera.applied = None, []
    clock.now += 1.0
    _read(source)
    assert camera.applied == [("exposure_us", 700.0), ("gain_db", 6.0), ("trigger", "software")]
    source.close()


def test_what_is_set_while_the_camera_is_being_opened_is_not_lost() -> None:
    camera = SlowCamera()
    source = Supervisor(camera, {"gain_db": 2.0})
    source.open()
    source.set("exposure_us", 300.0)
    assert camera.applied == []
    camera.ready = True
    _read(source)
    assert camera.applied == [("exposure_us", 300.0)]
    source.close()


def test_a_refused_setting_is_not_remembered() -> None:
    source = Supervisor(FakeCamera(), {"gain_db": 3.0})
    source.open()
    with pytest.raises(UnsupportedProperty, match="0 to 24"):
        source.set("gain_db", 99.0)
    assert source.settings == {"gain_db": 3.0}
    source.close()


def test_a_camera_that_goes_away_while_it_is_set_comes_back_with_the_setting() -> None:
    camera, clock, heard = FakeCamera(), Clock(), Heard()
    source = Supervisor(camera, {"exposure_us": 500.0}, heard, clock=clock)
    source.open()
    source.read(0.0)
    camera.dies_on = "exposure_us"
    source.set("exposure_us", 700.0)
    source.set("gain_db", 6.0)
    # It would go on sending, with the settings of before.
    with pytest.raises(SourceLost, match="does not answer"):
        source.read(0.0)
    assert (source.losses, heard.states) == (1, [OPENING, STREAMING, LOST, BACKOFF])
    clock.now += 1.0
    _read(source)
    assert camera.applied == [("exposure_us", 500.0), ("exposure_us", 700.0), ("gain_db", 6.0)]
    assert source.read(0.0).sequence == 2
    source.close()


@pytest.mark.parametrize("error", [SourceNotFound("not there"), SourceBusy("in use"), SourceLost("no answer")])
def test_a_camera_that_is_not_there_at_the_start_is_waited_for(error: SourceLost) -> None:
    camera, clock, heard = FakeCamera(), Clock(), Heard()
    camera.refuses = error
    source = Supervisor(camera, tell=heard, clock=clock)
    source.open()
    _read(source)
    assert heard.states == [OPENING, BACKOFF]
    camera.refuses = None
    clock.now += 0.6
    _read(source)
    assert source.read(0.0).sequence == 1
    assert source.losses == 0
    source.close()


@pytest.mark.parametrize("error", [UsageError("no such option"), EnvironmentFailure("no library")])
def test_what_waiting_cannot_mend_is_raised_from_the_first_opening(error: EnvironmentFailure) -> None:
    camera = FakeCamera()
    camera.refuses = error
    source = Supervisor(camera)
    with pytest.raises(type(error)):
        source.open()
    slow = SlowCamera()
    source = Supervisor(slow)
    source.open()
    _read(source)
    slow.ready = error
    with pytest.raises(type(error)):
        source.read(0.0)
    assert source.state is CLOSED


def test_after_it_once_streamed_everything_is_tried_again() -> None:
    camera, clock = FakeCamera(), Clock()
    source = Supervisor(camera, clock=clock)
    source.open()
    source.read(0.0)
    camera.away = SourceLost("gone")
    camera.refuses = UnsupportedProperty("the camera still starts up")
    with pytest.raises(SourceLost):
        source.read(0.0)
    clock.now += 0.6
    _read(source)
    assert source.state is BACKOFF
    camera.away = camera.refuses = None
    clock.now += 1.1
    _read(source)
    assert source.state is STREAMING
    source.close()


def test_opening_in_the_background_never_keeps_the_reader_waiting() -> None:
    camera, heard = SlowCamera(), Heard()
    source = Supervisor(camera, {"gain_db": 2.0}, heard)
    source.open()
    assert camera.begun == 1
    assert camera.settings == {"gain_db": 2.0}
    for _ in range(3):
        _read(source)
    assert heard.states == [OPENING]
    camera.ready = True
    _read(source)
    assert source.read(0.0).sequence == 1
    assert heard.states == [OPENING, STREAMING]
    source.close()
    assert camera.closed_times == 1


def test_waiting_to_retry_ends_with_the_read_s_timeout_and_at_once_when_closed() -> None:
    camera = FakeCamera()
    camera.refuses = SourceNotFound("not there")
    source = Supervisor(camera, retry_s=(60.0,))
    source.open()
    begin = time.monotonic()
    with pytest.raises(FrameTimeout):
        source.read(0.1)
    assert 0.09 < time.monotonic() - begin < 50.0, "it waited for the retry"
    source.close()
    with pytest.raises(UsageError, match="not open"):
        source.read(0.1)


def test_damaged_frames_are_counted_and_are_no_loss() -> None:
    camera = FakeCamera()
    camera.coming.extend([FrameIncomplete("3 packets are missing", sequence=4)] * 2)
    source = Supervisor(camera)
    source.open()
    for _ in range(2):
        with pytest.raises(FrameIncomplete):
            source.read(0.0)
    assert (source.incomplete, source.losses, source.state) == (2, 0, STREAMING)
    source.close()


def test_trigger_and_settings_of_a_camera_that_is_away_say_why() -> None:
    camera, clock = FakeCamera(), Clock()
    source = Supervisor(camera, {"trigger": "software"}, clock=clock)
    source.open()
    source.trigger()
    assert camera.fired == 1
    camera.away = SourceLost("The cable is out.")
    with pytest.raises(SourceLost):
        source.read(0.0)
    with pytest.raises(SourceLost, match="cable"):
        source.trigger()
    with pytest.raises(SourceLost):
        source.get("gain_db")
    assert source.caps() == ()
    source.close()


def test_skipped_frames_add_up_over_losses() -> None:
    camera, clock = FakeCamera(), Clock()
    source = Supervisor(camera, clock=clock)
    source.open()
    camera.skipped, camera.away = 5, SourceLost("gone")
    with pytest.raises(SourceLost):
        source.read(0.0)
    camera.skipped, camera.away = 2, None
    clock.now += 1.0
    _read(source)
    assert source.skipped == 7
    source.close()
