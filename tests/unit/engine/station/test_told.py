"""What a station tells: each thing in its turn, whole counts, small pictures of defects, alarms of late verdicts."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from engine import events
from engine.domain.inspection import Frame, ModelRef, Outcome, Prediction, utc_now
from engine.domain.recipe import CameraSetup, Imaging, Limits, Recipe
from engine.errors import LinesideError, PictureError, SourceEnded, SourceLost
from engine.preprocessing.golden import imaging_of
from engine.station.loop import LINE, SCAN, Pace, Station
from engine.system.mailbox import Mailbox
from tests.camera import FakeCamera
from tests.frames import ListSource, frame, part
from tests.line import FakeModel, Log

GOOD, BAD = (0.9, 0.1), (0.1, 0.9)
BROKEN = PictureError("b.png is truncated.", "Copy it again.", "b.png")
RECIPE = Recipe("r", 1, ("ok",), Limits())


class Heard(ListSource):
    """Notes at each reading how long it may wait and what was told so far."""

    def __init__(self, items: list[np.ndarray | Frame | LinesideError | None], log: Log, **how: bool) -> None:
        super().__init__(items, **how)
        self._log = log
        self.waited: list[float] = []
        self.told: list[list[type[events.StationEvent]]] = []

    def read(self, timeout: float) -> Frame:
        """The next item."""
        self.waited.append(timeout)
        self.told.append([type(event) for event in self._log.events])
        return super().read(timeout)


def model(*scores: tuple[float, float]) -> FakeModel:
    """Gives these scores, one part after the other, and the last of them on and on."""
    coming = list(scores)
    return FakeModel(ModelRef("tiny", "1"), lambda: coming.pop(0) if len(coming) > 1 else coming[0])


def run(
    source: ListSource | FakeCamera, log: Log, *scores: tuple[float, float], recipe: Recipe = RECIPE, **how: object
) -> Station:
    """A whole run in this thread."""
    made = Station(source, model(*scores or (GOOD,)), recipe, record=log, publish=log.publish, **how)  # type: ignore[arg-type]
    made.run()
    return made


def inspected(log: Log) -> list[events.Inspected]:
    return [e for e in log.events if isinstance(e, events.Inspected)]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the rest of its group waits as long as that takes."""
    monkeypatch.setattr("engine.station.announcer.FLUSH_AFTER_S", math.inf)


def test_no_reading_takes_longer_than_200_ms_and_a_line_tells_of_each_part_before_the_next() -> None:
    log = Log()
    source = Heard([part(), None, part(seed=1)], log)
    run(source, log)
    assert max(source.waited) <= 0.2
    assert [told.count(events.Inspected) for told in source.told] == [0, 1, 1, 2]


@pytest.mark.usefixtures("patient")
def test_a_scan_records_and_tells_in_groups_of_64_and_the_rest_in_the_end() -> None:
    log, box = Log(), Mailbox[events.Picture]()
    run(ListSource([part(seed=i) for i in range(130)]), log, pace=SCAN, show=box)
    steps = [step for step, _id in log.steps]
    assert steps == [*["recorded"] * 64, *["published"] * 64] * 2 + ["recorded"] * 2 + ["published"] * 2
    assert log.events[-1] == events.Stopped(130, 0, True)
    newest = box.take()
    assert newest is not None
    assert newest.frame.sequence == 128
    assert box.replaced == 1


def test_what_waits_for_its_group_is_told_in_time_where_nothing_more_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.station.announcer.FLUSH_AFTER_S", -1.0)
    log = Log()
    source = Heard([BROKEN, None, part()], log)
    run(source, log)
    assert events.PictureSkipped in source.told[1]


@pytest.mark.usefixtures("patient")
def test_what_was_refused_is_told_before_the_camera_is_missed() -> None:
    log = Log()

    def publish(event: events.StationEvent) -> None:
        log.publish(event)
        if isinstance(event, events.Lost):
            line.request_stop()

    source = ListSource([BROKEN, SourceLost("The cable is out.")])
    line = Station(source, model(GOOD), RECIPE, record=log, publish=publish)
    line.run()
    kinds = [type(e) for e in log.events]
    assert kinds.index(events.PictureSkipped) < kinds.index(events.Lost)


@pytest.mark.usefixtures("patient")
def test_what_a_scan_has_recorded_is_told_before_a_bug_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def scores() -> tuple[float, float]:
        calls.append(1)
        return GOOD if len(calls) < 4 else (1 / 0, 0.0)

    log, calls = Log(), list[int]()
    odd = FakeModel(ModelRef("tiny", "1"), scores)
    Station(ListSource([part()] * 9), odd, RECIPE, record=log, publish=log.publish, pace=SCAN).run()
    assert log.outcomes == [Outcome.OK] * 3
    failed = log.events[-1]
    assert isinstance(failed, events.Failed)
    assert failed.exit_code == 1


def test_refused_pictures_count_and_reach_the_limit() -> None:
    log = Log()
    source = ListSource([BROKEN, BROKEN, BROKEN])
    run(source, log, limit=2)
    assert log.outcomes == [Outcome.NO_VERDICT] * 2
    assert log.events[-1] == events.Stopped(2, 0, True)
    assert source._next == 2


def test_a_run_that_reached_its_limit_has_ended_and_one_that_was_stopped_has_not() -> None:
    log = Log()
    run(ListSource([part()] * 5), log, limit=3)
    assert log.events[-1] == events.Stopped(3, 0, True)
    stopped: list[events.StationEvent] = []

    def publish(event: events.StationEvent) -> None:
        stopped.append(event)
        if isinstance(event, events.Inspected):
            line.request_stop()

    line = Station(ListSource([part()] * 5), model(GOOD), RECIPE, record=Log(), publish=publish)
    line.run()
    assert stopped[-1] == events.Stopped(1, 0, False)


@pytest.mark.parametrize(("pace", "small"), [(LINE, [False, True, True]), (SCAN, [False] * 3)], ids=["line", "scan"])
def test_a_line_tells_of_what_is_not_ok_with_a_small_picture(pace: Pace, small: list[bool]) -> None:
    log = Log()
    deep = replace(frame(part().astype(np.uint16) * 16, 9), bits=12)
    run(ListSource([part(), part(250), deep, BROKEN]), log, GOOD, BAD, pace=pace)
    assert [e.thumbnail is not None for e in inspected(log)] == [*small, False]
    if pace is LINE:
        shown = inspected(log)[2].thumbnail
        assert shown is not None
        assert shown.max() == part().max()


def test_what_came_without_a_picture_is_told_but_not_shown() -> None:
    log, box = Log(), Mailbox[events.Picture]()
    run(ListSource([BROKEN]), log, show=box)
    assert box.take() is None
    assert log.outcomes == [Outcome.NO_VERDICT]


def test_the_screen_s_picture_has_the_model_s_heat_and_what_it_covers() -> None:
    class Seeing(FakeModel):
        def run(self, *_: object) -> Prediction:
            return replace(super().run(part()), heat=np.ones((2, 2), np.float32), heat_box=(1, 2, 3, 4))

    log, box = Log(), Mailbox[events.Picture]()
    odd = Seeing(ModelRef("tiny", "1"), lambda: BAD)
    Station(ListSource([part()]), odd, RECIPE, record=log, publish=log.publish, show=box).run()
    newest = box.take()
    assert newest is not None
    assert newest.heat is not None
    assert newest.heat_box == (1, 2, 3, 4)


def test_the_newest_frame_is_at_hand() -> None:
    line = run(ListSource([part(), part(250), BROKEN]), Log())
    assert line.newest is not None
    assert line.newest.sequence == 2


@pytest.mark.parametrize(
    ("settings", "outcomes"),
    [((), [Outcome.OK, Outcome.NO_VERDICT]), ((("burst", 2),), [Outcome.OK, Outcome.OK])],
    ids=["one picture", "a burst"],
)
def test_a_trigger_asks_for_what_the_camera_is_set_to(
    settings: tuple[tuple[str, int], ...], outcomes: list[Outcome]
) -> None:
    class Ending(FakeCamera):
        def read(self, timeout: float) -> Frame:
            if not self.coming:
                raise SourceEnded("That was all.")
            return super().read(timeout)

    log, camera = Log(), Ending()
    recipe = replace(RECIPE, camera=CameraSetup((("trigger", "software"), *settings)))

    def publish(event: events.StationEvent) -> None:
        log.publish(event)
        if isinstance(event, events.Started):
            line.trigger()
            camera.coming.extend(camera.picture() for _ in range(2))

    line = Station(camera, model(GOOD), recipe, record=log, publish=publish)
    line.run()
    assert log.outcomes == outcomes


@pytest.mark.parametrize(("takt", "alarms"), [(0.0, 0), (0.5, 0), (0.25, 1)])
def test_only_a_verdict_later_than_the_takt_raises_the_alarm(takt: float, alarms: int) -> None:
    log, fired = Log(), utc_now()
    triggered = replace(frame(part(), 1), triggered_at=fired)
    recipe = replace(RECIPE, camera=CameraSetup(takt_s=takt))
    run(ListSource([triggered, part(seed=2)]), log, recipe=recipe, clock=lambda: fired + timedelta(seconds=0.5))
    assert sum(isinstance(e, events.Alarmed) for e in log.events) == alarms


@pytest.mark.parametrize("live", [True, False], ids=["camera", "folder"])
def test_only_a_camera_s_pictures_drift(live: bool) -> None:
    log, begun = Log(), utc_now()
    golden = np.full((128, 160), 90, np.uint8)
    golden[::2] = 120
    recipe = replace(RECIPE, imaging=imaging_of(golden, like=Imaging("", golden, frames=3)))
    frames = [frame(part(seed=i), i, begun + timedelta(seconds=0.3 * i)) for i in range(5)]
    run(ListSource(frames, free=live), log, recipe=recipe, clock=lambda: begun)
    assert log.outcomes == [Outcome.OK] * 2 + [Outcome.REVIEW if live else Outcome.OK] * 3
