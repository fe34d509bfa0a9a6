"""The software trigger at a steady pace: when it is fired, what is left out, what ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from db.runs.ticker import Ticker
from engine import events
from engine.domain.inspection import ModelRef
from engine.domain.recipe import CameraSetup, Limits, Recipe
from engine.errors import SourceLost, UnsupportedProperty
from engine.station.loop import Station
from engine.station.recorder import Unrecorded
from tests.camera import FakeCamera
from tests.line import Beats, FakeModel


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Later."""
        self.now += seconds


class Fired(FakeCamera):
    """Does something at each trigger: `at` of its number, from 0."""

    def __init__(self, at: Callable[[int], None]) -> None:
        super().__init__()
        self._at = at

    def trigger(self) -> None:
        """Count it, then what the test says."""
        super().trigger()
        self._at(self.fired - 1)


def line_of(camera: FakeCamera, trigger: str = "software", heard: list[events.StationEvent] | None = None) -> Station:
    """With its camera open, not started; it ends after a part."""
    recipe = Recipe("r", 1, ("ok",), Limits(), camera=CameraSetup((("trigger", trigger),)))
    model = FakeModel(ModelRef("tiny", "1"), lambda: (1.0, 0.0))
    publish = [].append if heard is None else heard.append
    made = Station(camera, model, recipe, record=Unrecorded(), publish=publish, limit=1)
    made.source.open()
    return made


def ticking(line: Station, beats: Beats, every_s: float = 1.0, clock: Callable[[], float] = time.monotonic) -> Ticker:
    """Ends and waits as `beats` says."""
    made = Ticker(line, every_s, clock)
    made._end = beats
    return made


def test_it_fires_at_a_steady_pace_and_makes_up_for_one_at_most() -> None:
    clock, took = Clock(), (0.25, 2.5, 0.0, 0.0)
    camera = Fired(lambda place: clock.pass_by(took[place]))
    beats = Beats(4, clock.pass_by)
    ticker = ticking(line_of(camera), beats, clock=clock)
    with ticker:
        assert beats.are_over(ticker._thread)
    assert beats.waits == [1.0, 0.75, 0.0, 0.0, 1.0]
    assert camera.fired == 4


def test_what_cannot_be_fired_while_the_camera_is_away_is_left_out() -> None:
    def away(place: int) -> None:
        if place < 2:
            raise SourceLost("The camera is gone.", "Plug it in.")

    camera, beats = Fired(away), Beats(3)
    ticker = ticking(line_of(camera), beats)
    with ticker:
        assert beats.are_over(ticker._thread)
    assert camera.fired == 3


def test_a_refused_trigger_ends_the_run_and_is_raised_in_the_end() -> None:
    heard: list[events.StationEvent] = []
    line, beats = line_of(FakeCamera(), "off", heard), Beats(2)
    ticker = ticking(line, beats)
    with pytest.raises(UnsupportedProperty, match="not triggered by software"), ticker:
        ticker._thread.join()
    assert len(beats.waits) == 1
    line.run()
    assert heard[-1] == events.Stopped(0, 0, False)


def test_what_went_wrong_in_the_run_is_told_before_a_refused_trigger() -> None:
    ticker = ticking(line_of(FakeCamera(), "off"), Beats(1))
    with pytest.raises(ZeroDivisionError), ticker:
        ticker._thread.join()
        raise ZeroDivisionError


def test_when_the_run_has_ended_no_trigger_is_on_its_way() -> None:
    firing, fired = threading.Event(), list[int]()

    def slowly(place: int) -> None:
        firing.set()
        time.sleep(0.05)
        fired.append(place)

    with ticking(line_of(Fired(slowly)), Beats(1)):
        assert firing.wait(120)
    assert fired == [0]
