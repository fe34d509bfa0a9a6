"""A pause: what waits is told before it, what a camera sends in it is read and forgotten, and a stop ends it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import pytest

from engine import events
from engine.domain.inspection import Frame, ModelRef
from engine.domain.recipe import Limits, Recipe
from engine.errors import PictureError
from engine.station.loop import READ_TIMEOUT_S, Station
from tests.frames import ListSource, part
from tests.line import FakeModel, Log


class Going(threading.Event):
    """Whether the line goes on: waits in vain `count` times and no moment, then it does. Notes for how long."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._count = count

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        if len(self.waits) > self._count:
            self.set()
        return self.is_set()


class Skipping(ListSource):
    """A camera that has left out one more picture at each reading."""

    def read(self, timeout: float) -> Frame:
        """The next item."""
        self.skipped += 1
        return super().read(timeout)


def line_of(source: ListSource, told: Callable[[events.StationEvent], None]) -> Station:
    model = FakeModel(ModelRef("tiny", "1"), lambda: (0.9, 0.1))
    return Station(source, model, Recipe("r", 1, ("ok",), Limits()), record=Log(), publish=told)


def paused(source: ListSource, waits: int) -> tuple[list[events.StationEvent], Going]:
    """What is told of a run that begins with a pause, in which it waits so often."""
    heard: list[events.StationEvent] = []
    line, going = line_of(source, heard.append), Going(waits)
    line._go = going
    line.run()
    return heard, going


def test_a_camera_is_read_and_forgotten_without_a_wait_and_a_folder_waits() -> None:
    for free, waited, judged in ((True, 0.0, 2), (False, READ_TIMEOUT_S, 5)):
        source = ListSource([part(seed=i) for i in range(5)], free=free)
        heard, going = paused(source, 3)
        assert going.waits == [waited] * 4
        assert sum(isinstance(e, events.Inspected) for e in heard) == judged
        kinds = [type(e) for e in heard if not isinstance(e, events.Inspected)]
        assert kinds == [events.Started, events.Paused, events.Resumed, events.Stopped]


def test_a_camera_that_ends_in_a_pause_is_read_no_more() -> None:
    heard, going = paused(ListSource([part()], free=True), 4)
    assert going.waits == [0.0, 0.0, READ_TIMEOUT_S, READ_TIMEOUT_S, READ_TIMEOUT_S]
    assert heard[-1] == events.Stopped(0, 0, True)


def test_what_a_camera_leaves_out_in_a_pause_is_not_counted() -> None:
    source = Skipping([part(seed=i) for i in range(6)], free=True)
    source.skipped = 5
    heard, _going = paused(source, 3)
    # Three frames are judged, and at the reading after them it has ended.
    assert heard[-1] == events.Stopped(3, 9, True)
    assert [e.skipped for e in heard if isinstance(e, events.Inspected)] == [6, 7, 8]


def test_what_waits_is_told_before_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.station.announcer.FLUSH_AFTER_S", math.inf)
    heard: list[events.StationEvent] = []

    def publish(event: events.StationEvent) -> None:
        heard.append(event)
        match event:
            case events.Inspected():
                line.pause()
            case events.Paused():
                line.resume()

    line = line_of(ListSource([PictureError("b.png is truncated.", "Copy it again.", "b.png"), part()]), publish)
    line.run()
    assert [type(e) for e in heard][1:5] == [
        events.Inspected,
        events.PictureSkipped,
        events.Paused,
        events.Resumed,
    ]


@pytest.mark.parametrize("again", [False, True], ids=["stopped", "stopped and paused again"])
def test_a_stop_ends_a_pause(again: bool) -> None:
    heard: list[events.StationEvent] = []

    def publish(event: events.StationEvent) -> None:
        heard.append(event)
        if isinstance(event, events.Paused):
            line.request_stop()
            if again:
                line.pause()

    line = line_of(ListSource([part()]), publish)
    line.pause()
    line.run()
    assert [type(e) for e in heard] == [events.Started, events.Paused, events.Stopped]
    assert heard[-1] == events.Stopped(0, 0, False)
