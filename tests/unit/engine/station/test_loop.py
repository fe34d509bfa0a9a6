"""The loop: record before publish, nothing doubtful is OK, stop is one call."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from engine import events
from engine.backends.load import load_model
from engine.backends.openvino import OpenVinoModel
from engine.domain.inspection import Outcome, Pixels, Prediction, utc_now
from engine.domain.recipe import WHOLE, CameraSetup, FilePages, Imaging, View
from engine.errors import EndedEarly, InferenceError, PictureError, SourceLost
from engine.packages.package import ModelPackage
from engine.preprocessing.golden import imaging_of
from engine.recipes.file import default_recipe
from engine.sources.base import SourceRemark
from engine.sources.supervisor import SourceState
from engine.station.loop import LINE, SCAN, Pace, Station
from engine.system.mailbox import Mailbox
from tests.camera import FakeCamera
from tests.frames import ListSource, frame, part
from tests.line import PATIENCE_S, FakeModel, Log, until
from tests.packages import write_tiny_package


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


def test_an_internal_error_stops_visibly(
    model: OpenVinoModel, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.judging.judge.decide", lambda *_: 1 / 0)
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
    until(lambda: source._next > 0)
    assert line.stop(PATIENCE_S)
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
    until(lambda: not line.running)
    assert len(log.outcomes) == 3
    assert [type(e) for e in log.events if isinstance(e, events.Paused | events.Resumed)] == [
        events.Paused,
        events.Resumed,
    ]
    line.stop()


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
    until(lambda: line.source.state is SourceState.STREAMING)
    line.trigger()
    camera.coming.append(replace(camera.picture(), captured_at=utc_now()))
    until(lambda: log.kept == 1)
    line.trigger()
    until(lambda: not line.running)
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
        until(lambda: any(isinstance(e, events.Started) for e in log.events))
        line.pause()
        until(lambda: any(isinstance(e, events.Paused) for e in log.events))
        camera.coming.extend(camera.picture() for _ in range(3))
        until(lambda: not camera.coming)
        line.resume()
        until(lambda: any(isinstance(e, events.Resumed) for e in log.events))
        camera.coming.append(camera.picture())
        until(lambda: log.kept > 0)
    assert [e.inspection.frame.sequence for e in log.events if isinstance(e, events.Inspected)] == [4]


def test_a_camera_that_ends_in_a_pause_ends_the_run_when_it_goes_on(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    log = Log()
    source = ListSource([part(seed=i) for i in range(3)], free=True)
    line = Station(source, model, default_recipe(package), record=log, publish=log.publish)
    line.pause()
    line.start()
    until(lambda: source._next == 3)
    line.resume()
    until(lambda: not line.running)
    assert log.events[-1] == events.Stopped(0, 0, True)


@pytest.mark.parametrize("pace", [LINE, SCAN], ids=["line", "scan"])
def test_the_reason_of_an_early_end_travels_with_the_end(
    model: OpenVinoModel, package: ModelPackage, pace: Pace
) -> None:
    log = Log()
    early = EndedEarly("It ended after 2 of 5 frames.", "Check that it is complete.")
    station(ListSource([part(), part(), early]), model, package, log, pace).run()
    assert log.events[-1] == events.Stopped(2, 0, True, early.message, early.remedy)


def test_what_a_source_remarks_is_told_as_a_warning(model: OpenVinoModel, package: ModelPackage) -> None:
    class Telling(ListSource):
        def remarks(self) -> tuple[SourceRemark, ...]:
            return (SourceRemark("Two were lost.", "Name them apart."),) if self._next == 1 else ()

    log = Log()
    station(Telling([part(), part()]), model, package, log).run()
    assert events.Warned("Two were lost.", "Name them apart.") in log.events


def test_a_source_of_files_takes_their_pages_as_the_recipe_in_force_says(
    model: OpenVinoModel, package: ModelPackage
) -> None:
    class Files(ListSource):
        pages = FilePages.REFUSE

    log, source = Log(), Files([part() for _ in range(3)])
    recipe = replace(default_recipe(package), pages=FilePages.EACH)
    line = Station(source, model, recipe, record=log, publish=log.publish)
    assert source.pages is FilePages.EACH
    other = load_model(package)
    line.swap_model(other, replace(recipe, pages=FilePages.FIRST))
    line.run()
    assert source.pages is FilePages.FIRST


@pytest.mark.parametrize("pace", [LINE, SCAN], ids=["line", "scan"])
def test_a_recorder_with_a_bug_ends_the_run_in_words(
    model: OpenVinoModel, package: ModelPackage, pace: Pace, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever waits for the end must not wait for ever: keeping what waited fails once more then."""

    class Broken(Log):
        def flush(self) -> None:
            raise UnicodeEncodeError("utf-8", "\udcf6", 0, 1, "surrogates not allowed")

    log = Broken()
    station(ListSource([part(), part()]), model, package, log, pace).run()
    assert isinstance(log.events[-1], events.Failed)
    assert "internal error (UnicodeEncodeError" in log.events[-1].message
    assert "what waited could not be kept" in caplog.text
