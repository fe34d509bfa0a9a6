"""How far a scan is: pauses do not slow it down, what was done before does not speed it up."""

from __future__ import annotations

import pytest

from gui.pages.scan.progress import Meter, Progress, end_words, progress_words


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_rate_and_time_left_follow_from_the_seconds_worked(clock: Clock) -> None:
    meter = Meter(clock=clock)
    meter.run()
    meter.add(20)
    clock.now += 4
    assert meter.progress(50) == Progress(20, 50, 5.0, 6.0)
    meter.add(30)
    clock.now += 1
    assert meter.progress(50) == Progress(50, 50, 10.0, 0.0)


def test_a_pause_costs_no_rate(clock: Clock) -> None:
    meter = Meter(clock=clock)
    meter.run()
    meter.run()
    clock.now += 2
    meter.hold()
    clock.now += 60
    meter.add(10)
    assert meter.progress(None).rate == 5.0
    meter.run()
    clock.now += 3
    assert meter.progress(None).rate == 2.0


def test_what_was_done_before_counts_as_done_but_not_as_fast(clock: Clock) -> None:
    meter = Meter(1000, clock)
    meter.run()
    assert meter.progress(1010) == Progress(1000, 1010, 0.0, None)
    meter.add(4)
    clock.now += 2
    assert meter.progress(1010) == Progress(1004, 1010, 2.0, 3.0)


def test_more_pictures_than_were_listed_leave_no_time_left(clock: Clock) -> None:
    meter = Meter(clock=clock)
    meter.run()
    meter.add(9)
    clock.now += 1
    assert meter.progress(4).left_s == 0
    assert meter.progress(0).left_s is None


@pytest.mark.parametrize(
    ("progress", "paused", "said"),
    [
        (Progress(204, 900, 52.4, 359.0), False, "204 of 900 pictures · 52 a second · 5:59 left"),
        (Progress(204, 900, 52.4, 3725.4), False, "204 of 900 pictures · 52 a second · 1:02:05 left"),
        (Progress(204, 900, 52.4, 359.0), True, "204 of 900 pictures · 52 a second · paused"),
        (Progress(3, None, 0.0, None), False, "3 pictures · 0 a second"),
    ],
)
def test_progress_in_words(progress: Progress, paused: bool, said: str) -> None:
    assert progress_words(progress, paused=paused) == said


def test_the_end_in_words() -> None:
    assert end_words(150, 150, ended=True) == "All 150 pictures judged"
    assert end_words(204, 900, ended=False) == "Stopped after 204 of 900 pictures"
    assert end_words(7, None, ended=False) == "Stopped after 7 pictures"
