"""The loop: record before publish, nothing doubtful is OK, stop is one call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from engine import events
from engine.backends.load import load_model
from engine.backends.openvino import OpenVinoModel
from engine.domain.inspection import Frame, Inspection, ModelRef, Outcome, Pixels, Prediction, Scores, utc_now
from engine.domain.recipe import WHOLE, CameraSetup, Imaging, Recipe, View
from engine.errors import InferenceError, PictureError, SourceLost, StorageError
from engine.packages.package import ModelPackage
from engine.preprocessing.golden import imaging_of
from engine.recipes.file import default_recipe
from engine.sources.supervisor import SourceState
from engine.station.loop import LINE, SCAN, Pace, Station
from engine.station.swap import load_proved
from engine.system.mailbox import Mailbox
from tests.camera import FakeCamera
from tests.frames import ListSource, frame, part
from tests.held import HeldModel
from tests.packages import write_tiny_package


class Log:
    """A recorder and publisher that notes the order of what happens."""

    def __init__(self, fail_after: int = 10**9) -> None:
        self.steps: list[tuple[str, str]] = []
        self.events: list[events.StationEvent] = []
        self.recipes: list[Recipe] = []
        self._pending: list[str] = []
        self._fail_after = fail_after
        self.kept = 0

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        if self.kept >= self._fail_after:
            raise StorageError("The disk is full.", "Free some space.")
        self.kept += 1
        self.recipes.append(recipe)
        self._pending.append(inspection.id)

    def flush(self) -> None:
        self.steps += [("recorded", name) for name in self._pending]
        self._pending.clear()

    def publish(self, event: events.StationEvent) -> None:
        self.events.append(event)
        if isinstance(event, events.Inspected):
            self.steps.append(("published", event.inspection.id))

    @property
    def outcomes(self) -> list[Outcome]:
        return [e.inspection.verdict.outcome for e in self.events if isinstance(e, events.Inspected)]

    @property
    def reasons(self) -> list[tuple[str, ...]]:
        return [e.inspection.verdict.reasons for e in self.events if isinstance(e, events.Inspected)]


class FakeModel:
    """Answers every picture with the scores it is given."""

    def __init__(self, ref: ModelRef, scores: Callable[[], tuple[float, float]], in_flight: int = 1) -> None:
        self.ref, self._scores, self._in_flight = ref, scores, in_flight
        self.closed = False

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """One picture."""
        return Prediction(Scores(("ok", "defect"), self._scores()), model=self.ref)

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """Many, with some in flight."""
        flying: list[Pixels] = []
        for pixels in pictures:
            flying.append(pixels)
            if len(flying) >= self._in_flight:
                yield self.run(flying.pop(0), view)
        for pixels in flying:
            yield self.run(pixels, view)

    def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    return write_tiny_package(tmp_path_factory.mktemp("package") / "tiny")


@pytest.fixture
def model(package: ModelPackage) -> Iterator[OpenVinoModel]:
    loaded = load_model(package)
    assert isinstance(loaded, OpenVinoModel)
    yield loaded
    loaded.close()


def station(source: ListSource, model: OpenVinoModel, package: ModelPackage, log: Log, pace: Pace = LINE) -> Station:
    return Station(source, model, default_recipe(package), record=log, publish=log.publish, pace=pace)


@pytest.mark.parametrize("pace", [LINE, SCAN], ids=["line", "scan"])
def test_every_frame_is_judged_in_order(model: OpenVinoModel, package: ModelPackage, pace: Pace) -> None:
    log = Log()
    spots = [0, 250, 0, 0, 240, 0, 0]
    station(ListSource([part(s, seed=i) for i, s in enumerate(spots)]), model, package, log, pace).run()
    assert log.outcomes == [Outcome.NG if s else Outcome.OK for s in spots]
    assert isinstance(log.events[-1], events.Stopped)
    assert log.events[-1].ended


@pytest.mark.parametrize("pace", [LINE, SCAN], ids=["line", "scan"])
def test_what_is_published_was_recorded_before(model: OpenVinoModel, package: ModelPackage, pace: Pace) -> None:
    log = Log()
    station(ListSource([part(seed=i) for i in range(70)]), model, package, log, pace).run()
    recorded: set[str] = set()
    for step, name in log.steps:
        if step == "recorded":
            recorded.add(name)
        else:
            assert name in recorded
    assert len(recorded) == 70


def test_stale_frame_gives_no_verdict(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    old = frame(part(), 1, utc_now() - timedelta(seconds=9))
    station(ListSource([old], free=True), model, package, log).run()
    assert log.outcomes == [Outcome.NO_VERDICT]


def test_repeated_picture_of_a_camera_gives_no_verdict(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    station(ListSource([part(), part()], free=True), model, package, log).run()
    assert log.outcomes == [Outcome.OK, Outcome.NO_VERDICT]


def test_identical_files_of_a_folder_are_both_judged(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    station(ListSource([part(), part()]), model, package, log).run()
    assert log.outcomes == [Outcome.OK, Outcome.OK]


def test_unreadable_picture_is_recorded_as_no_verdict_and_the_run_goes_on(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    log = Log()
    broken = PictureError("b.png is truncated.", "Copy it again.", "b.png")
    station(ListSource([part(), broken, part(seed=2)]), model, package, log).run()
    assert log.outcomes == [Outcome.OK, Outcome.NO_VERDICT, Outcome.OK]
    assert [e.name for e in log.events if isinstance(e, events.PictureSkipped)] == ["b.png"]


def test_lost_source_is_told_and_comes_back(
    model: OpenVinoModel, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.sources.supervisor.RETRY_S", (0.01,))
    log = Log()
    source = ListSource([part(), SourceLost("The camera is gone."), part(seed=1)], free=True)
    station(source, model, package, log).run()
    assert log.outcomes == [Outcome.OK, Outcome.NO_VERDICT, Outcome.OK]
    kinds = [type(e) for e in log.events]
    assert kinds.index(events.Lost) < kinds.index(events.Recovered)
    assert source.opened == 2


def test_full_disk_stops_the_station_visibly_and_keeps_what_was_recorded(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    log = Log(fail_after=2)
    station(ListSource([part(seed=i) for i in range(5)]), model, package, log).run()
    assert len(log.outcomes) == 2
    assert log.events[-1] == events.Failed("The disk is full.", "Free some space.", 4)


def test_a_failing_model_gives_no_verdict(
    model: OpenVinoModel, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: OpenVinoModel, pixels: object, roi: object = None) -> Prediction:
        raise InferenceError("no")

    monkeypatch.setattr(OpenVinoModel, "run", fail)
    log = Log()
    station(ListSource([part(250)]), model, package, log).run()
    assert log.outcomes == [Outcome.NO_VERDICT]
    assert log.reasons == [("no",)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_scores_that_are_no_numbers_give_no_verdict(package: ModelPackage, model: OpenVinoModel, value: float) -> None:
    log = Log()
    odd = FakeModel(model.ref, lambda: (0.1, value))
    recipe = default_recipe(package)
    Station(ListSource([part()] * 2), odd, recipe, record=log, publish=log.publish).run()
    assert log.outcomes == [Outcome.NO_VERDICT] * 2


def test_picture_that_breaks_the_stream_gives_no_verdict_and_the_scan_goes_on(package: ModelPackage) -> None:
    calls = iter(range(100))

    def scores() -> tuple[float, float]:
        # The third call is the stream's, the fourth to sixth judge alone what was in flight: the first of these fails.
        if next(calls) in (2, 3):
            raise InferenceError("The model failed on a picture.")
        return 0.9, 0.1

    log = Log()
    odd = FakeModel(package.ref, scores, in_flight=3)
    Station(
        ListSource([part(seed=i) for i in range(9)]),
        odd,
        default_recipe(package),
        record=log,
        publish=log.publish,
        pace=SCAN,
    ).run()
    assert log.outcomes == [Outcome.OK] * 2 + [Outcome.NO_VERDICT] + [Outcome.OK] * 6
    assert isinstance(log.events[-1], events.Stopped)


def test_model_is_proved_on_the_newest_part_before_it_takes_over(package: ModelPackage) -> None:
    made = frame(part(), 1)
    sound = FakeModel(package.ref, lambda: (0.9, 0.1))
    assert load_proved(lambda: sound, default_recipe(package), made) is sound
    odd = FakeModel(package.ref, lambda: (float("nan"), 0.1))
    with pytest.raises(InferenceError, match="not numbers"):
        load_proved(lambda: odd, default_recipe(package), made)
    assert odd.closed


def test_an_internal_error_stops_visibly(
    model: OpenVinoModel, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.station.loop.decide", lambda *_: 1 / 0)
    log = Log()
    station(ListSource([part(), part()]), model, package, log).run()
    assert isinstance(log.events[-1], events.Failed)
    assert "internal error" in log.events[-1].message
    assert log.outcomes == []


def test_stop_ends_the_thread_and_closes_the_source(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    source = ListSource([None] * 100_000)
    line = station(source, model, package, log)
    line.start()
    time.sleep(0.05)
    assert line.stop(2.0)
    assert not line.running
    assert source.closed == 1
    assert "station" not in {t.name for t in threading.enumerate()}


def test_pause_inspects_nothing_until_resume(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    line = station(ListSource([part(seed=i) for i in range(3)]), model, package, log)
    line.pause()
    line.start()
    time.sleep(0.3)
    assert log.outcomes == []
    line.resume()
    deadline = time.monotonic() + 5
    while line.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(log.outcomes) == 3
    assert [type(e) for e in log.events if isinstance(e, events.Paused | events.Resumed)] == [
        events.Paused,
        events.Resumed,
    ]
    line.stop()


def test_swapped_model_judges_from_the_next_frame_on(package: ModelPackage, tmp_path: Path) -> None:
    other = write_tiny_package(tmp_path / "other", name="other")
    log = Log()
    line = Station(
        ListSource([part(seed=i) for i in range(4)]),
        load_model(package),
        default_recipe(package),
        record=log,
        publish=log.publish,
    )
    line.swap_model(load_model(other), default_recipe(other))
    line.run()
    assert {e.inspection.model.name for e in log.events if isinstance(e, events.Inspected)} == {"other"}
    assert sum(isinstance(e, events.ModelSwapped) for e in log.events) == 1


def test_what_is_recorded_comes_with_the_recipe_that_judged_it(package: ModelPackage, tmp_path: Path) -> None:
    other = write_tiny_package(tmp_path / "other", name="other")
    log, told, camera = Log(), threading.Event(), FakeCamera()
    before, after = default_recipe(package), replace(default_recipe(other), name="after")
    held = HeldModel(load_model(package), told)
    with Station(camera, held, before, record=log, publish=log.publish) as line:
        assert held.judging.wait(20)
        line.swap_model(load_model(other), after)
        told.set()
        _until(lambda: log.kept > 4)
    inspections = [e.inspection for e in log.events if isinstance(e, events.Inspected)]
    assert log.recipes[0] is before
    assert set(map(id, log.recipes[1:])) == {id(after)}
    assert [i.recipe for i in inspections] == [r.ref for r in log.recipes]
    assert [i.model.name for i in inspections] == ["tiny"] + ["other"] * (len(inspections) - 1)


def test_a_frame_is_looked_at_by_the_recipe_that_will_judge_it(package: ModelPackage) -> None:
    log = Log()
    line = Station(
        ListSource([part(seed=i) for i in range(3)]),
        load_model(package),
        default_recipe(package),
        record=log,
        publish=log.publish,
    )
    line.swap_model(load_model(package), replace(default_recipe(package), view=View(roi=(0, 0, 999, 999))))
    line.run()
    assert log.outcomes == [Outcome.NO_VERDICT] * 3
    assert all("outside the frame" in reasons[0] for reasons in log.reasons)


def test_a_change_over_sets_a_waiting_camera_before_its_next_frame(model: OpenVinoModel, package: ModelPackage) -> None:
    log, camera = Log(), FakeCamera()
    recipe = replace(default_recipe(package), camera=CameraSetup((("trigger", "hardware"),)))
    other = replace(recipe, camera=CameraSetup((("trigger", "hardware"), ("exposure_us", 900.0))))
    with Station(camera, model, recipe, record=log, publish=log.publish) as line:
        _until(lambda: any(isinstance(e, events.Started) for e in log.events))
        line.swap_model(load_model(package), other)
        _until(lambda: ("exposure_us", 900.0) in camera.applied)
    assert log.kept == 0


def test_pictures_in_flight_are_seen_as_each_of_them_is_stated_and_recorded(package: ModelPackage) -> None:
    log, seen = Log(), list[int]()

    class Notes(FakeModel):
        def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
            seen.append(view.bits)
            return super().run(pixels, view)

    depths = [0, 12, 12, 12, 10, 0]
    frames = [replace(frame(part(seed=i).astype(np.uint16), i + 1), bits=bits) for i, bits in enumerate(depths)]
    odd = Notes(package.ref, lambda: (0.9, 0.1), in_flight=2)
    Station(ListSource(frames), odd, default_recipe(package), record=log, publish=log.publish, pace=SCAN).run()
    inspections = [e.inspection for e in log.events if isinstance(e, events.Inspected)]
    assert [i.frame.bits for i in inspections] == seen == depths
    assert [i.frame.sequence for i in inspections] == [1, 2, 3, 4, 5, 6]


def test_limit_ends_the_run(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    source = ListSource([part(seed=i) for i in range(9)])
    Station(source, model, default_recipe(package), record=log, publish=log.publish, limit=4).run()
    assert len(log.outcomes) == 4


def test_the_screen_gets_the_newest_picture_with_its_inspection(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    box: Mailbox[events.Picture] = Mailbox()
    source = ListSource([part(seed=1), part(250, seed=2)])
    Station(source, model, default_recipe(package), record=log, publish=log.publish, show=box).run()
    newest = box.take()
    assert newest is not None
    assert newest.inspection.verdict.outcome is Outcome.NG
    assert newest.heat is not None
    assert float(np.max(newest.heat)) > 0.9
    assert box.replaced == 1
    assert box.take() is None


def test_a_triggered_part_s_inspection_knows_its_trigger_and_a_late_verdict_raises_the_alarm(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    def slow() -> tuple[float, float]:
        time.sleep(0.4)
        return 1.0, 0.0

    log, camera = Log(), FakeCamera()
    recipe = replace(default_recipe(package), camera=CameraSetup((("trigger", "software"),), takt_s=0.3))
    line = Station(camera, FakeModel(model.ref, slow), recipe, record=log, publish=log.publish, limit=2)
    line.start()
    _until(lambda: line.source.state is SourceState.STREAMING)
    line.trigger()
    camera.coming.append(replace(camera.picture(), captured_at=utc_now()))
    _until(lambda: log.kept == 1)
    line.trigger()
    _until(lambda: not line.running)
    first, second = (e.inspection for e in log.events if isinstance(e, events.Inspected))
    assert first.frame.triggered_at is not None
    assert [first.verdict.outcome, second.verdict.outcome] == [Outcome.OK, Outcome.NO_VERDICT]
    assert second.frame.triggered_at is not None
    alarms = [e.message for e in log.events if isinstance(e, events.Alarmed)]
    assert "the takt is 0.3 s" in alarms[0]
    assert "no picture" in alarms[1]


def test_a_drifted_picture_is_told_once_and_sends_ok_parts_to_review(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    log = Log()
    golden = np.full((128, 160), 90, np.uint8)
    golden[::2] = 120
    recipe = replace(default_recipe(package), imaging=imaging_of(golden, like=Imaging("", golden, frames=3)))
    begun = utc_now()
    frames = [frame(part(seed=i), i, begun + timedelta(seconds=0.3 * i)) for i in range(6)]
    source = ListSource(frames, free=True)
    Station(source, model, recipe, record=log, publish=log.publish, clock=lambda: begun).run()
    assert [e.level for e in log.events if isinstance(e, events.ImagingChanged)] == ["review"]
    assert log.outcomes[:2] == [Outcome.OK, Outcome.OK]
    assert log.outcomes[2:] == [Outcome.REVIEW] * 4
    assert "darker than the golden one" in log.reasons[-1][0]


def test_another_recipe_sets_the_camera_before_its_first_frame(model: OpenVinoModel, package: ModelPackage) -> None:
    log, camera = Log(), FakeCamera()
    recipe = replace(default_recipe(package), camera=CameraSetup((("exposure_us", 200.0),)))
    other = replace(recipe, name="other", camera=CameraSetup((("exposure_us", 900.0), ("gain_db", 3.0))))
    twin = load_model(package)
    with Station(camera, model, recipe, record=log, publish=log.publish) as line:
        _until(lambda: log.kept > 2)
        line.swap_model(twin, other)
        _until(lambda: any(e.inspection.recipe.name == "other" for e in log.events if isinstance(e, events.Inspected)))
    assert camera.applied == [("exposure_us", 200.0), ("exposure_us", 900.0), ("gain_db", 3.0)]


def test_a_camera_that_dies_in_a_change_over_comes_back_with_the_new_settings_and_the_line_goes_on(
    model: OpenVinoModel, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.sources.supervisor.RETRY_S", (0.01,))
    log, camera = Log(), FakeCamera()
    recipe = replace(default_recipe(package), camera=CameraSetup((("exposure_us", 200.0), ("gain_db", 1.0))))
    other = replace(recipe, name="other", camera=CameraSetup((("exposure_us", 900.0), ("gain_db", 3.0))))
    with Station(camera, model, recipe, record=log, publish=log.publish) as line:
        _until(lambda: log.kept > 2)
        camera.dies_on = "exposure_us"
        line.swap_model(load_model(package), other)
        _until(lambda: any(e.inspection.verdict.outcome is Outcome.OK for e in _judged_by(log, "other")))
    kinds = [type(e) for e in log.events]
    assert kinds.index(events.ModelSwapped) < kinds.index(events.Lost) < kinds.index(events.Recovered)
    assert _judged_by(log, "other")[0].inspection.verdict.outcome is Outcome.NO_VERDICT
    assert camera.opened_times == 2
    assert camera.applied[2:] == [("exposure_us", 900.0), ("gain_db", 3.0)]
    assert not any(isinstance(e, events.Failed) for e in log.events)


def test_a_scan_refuses_another_judge(model: OpenVinoModel, package: ModelPackage) -> None:
    scan = station(ListSource([]), model, package, Log(), SCAN)
    with pytest.raises(RuntimeError, match="keeps its judge"):
        scan.swap_model(model, default_recipe(package))


def test_a_model_that_nobody_takes_is_closed_once(package: ModelPackage) -> None:
    recipe = default_recipe(package)
    first, second, late = (FakeModel(package.ref, lambda: (0.9, 0.1)) for _ in range(3))
    line = Station(ListSource([]), first, recipe, record=Log(), publish=lambda _: None)
    line.swap_model(second, recipe)
    line.run()
    line.swap_model(late, recipe)
    assert [m.closed for m in (first, second, late)] == [True] * 3


def test_a_recipe_whose_settings_the_camera_refuses_stops_the_line(model: OpenVinoModel, package: ModelPackage) -> None:
    log = Log()
    recipe = replace(default_recipe(package), camera=CameraSetup((("exposure_us", 1e9),)))
    Station(FakeCamera(), model, recipe, record=log, publish=log.publish).run()
    (failed,) = [e for e in log.events if isinstance(e, events.Failed)]
    assert "10 to 100000" in failed.message
    assert log.kept == 0


def test_what_a_triggered_camera_sends_in_a_pause_is_not_judged_afterwards(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    log, camera = Log(), FakeCamera()
    recipe = replace(default_recipe(package), camera=CameraSetup((("trigger", "hardware"),)))
    with Station(camera, model, recipe, record=log, publish=log.publish) as line:
        _until(lambda: any(isinstance(e, events.Started) for e in log.events))
        line.pause()
        _until(lambda: any(isinstance(e, events.Paused) for e in log.events))
        camera.coming.extend(camera.picture() for _ in range(3))
        _until(lambda: not camera.coming)
        line.resume()
        _until(lambda: any(isinstance(e, events.Resumed) for e in log.events))
        camera.coming.append(camera.picture())
        _until(lambda: log.kept > 0)
    assert [e.inspection.frame.sequence for e in log.events if isinstance(e, events.Inspected)] == [4]


def test_a_camera_that_ends_in_a_pause_ends_the_run_when_it_goes_on(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    log = Log()
    source = ListSource([part(seed=i) for i in range(3)], free=True)
    line = Station(source, model, default_recipe(package), record=log, publish=log.publish)
    line.pause()
    line.start()
    _until(lambda: source._next == 3)
    line.resume()
    _until(lambda: not line.running)
    assert log.events[-1] == events.Stopped(0, 0, True)


def _judged_by(log: Log, recipe: str) -> list[events.Inspected]:
    return [e for e in log.events if isinstance(e, events.Inspected) and e.inspection.recipe.name == recipe]


def _until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)
