"""A swap: another model and recipe take over between two frames, proved before, and what they replace is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from engine import events
from engine.backends.load import load_model
from engine.backends.openvino import OpenVinoModel
from engine.domain.inspection import Outcome, utc_now
from engine.domain.recipe import CameraSetup, Imaging, View
from engine.errors import InferenceError
from engine.packages.package import ModelPackage
from engine.preprocessing.golden import imaging_of
from engine.recipes.file import default_recipe
from engine.station.loop import SCAN, Station
from engine.station.swap import load_proved
from tests.camera import FakeCamera
from tests.frames import ListSource, frame, part
from tests.held import HeldModel
from tests.line import FakeModel, Log, until
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


def test_model_is_proved_on_the_newest_part_before_it_takes_over(package: ModelPackage) -> None:
    made = frame(part(), 1)
    sound = FakeModel(package.ref, lambda: (0.9, 0.1))
    assert load_proved(lambda: sound, default_recipe(package), made) is sound
    odd = FakeModel(package.ref, lambda: (float("nan"), 0.1))
    with pytest.raises(InferenceError, match="not numbers"):
        load_proved(lambda: odd, default_recipe(package), made)
    assert odd.closed


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
        assert held.judging.wait(120)
        line.swap_model(load_model(other), after)
        told.set()
        until(lambda: log.kept > 4)
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
        until(lambda: any(isinstance(e, events.Started) for e in log.events))
        line.swap_model(load_model(package), other)
        until(lambda: ("exposure_us", 900.0) in camera.applied)
    assert log.kept == 0


def test_another_recipe_sets_the_camera_before_its_first_frame(model: OpenVinoModel, package: ModelPackage) -> None:
    log, camera = Log(), FakeCamera()
    recipe = replace(default_recipe(package), camera=CameraSetup((("exposure_us", 200.0),)))
    other = replace(recipe, name="other", camera=CameraSetup((("exposure_us", 900.0), ("gain_db", 3.0))))
    twin = load_model(package)
    with Station(camera, model, recipe, record=log, publish=log.publish) as line:
        until(lambda: log.kept > 2)
        line.swap_model(twin, other)
        until(lambda: any(e.inspection.recipe.name == "other" for e in log.events if isinstance(e, events.Inspected)))
    assert camera.applied == [("exposure_us", 200.0), ("exposure_us", 900.0), ("gain_db", 3.0)]


def test_a_camera_that_dies_in_a_change_over_comes_back_with_the_new_settings_and_the_line_goes_on(
    model: OpenVinoModel, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.sources.supervisor.RETRY_S", (0.01,))
    log, camera = Log(), FakeCamera()
    recipe = replace(default_recipe(package), camera=CameraSetup((("exposure_us", 200.0), ("gain_db", 1.0))))
    other = replace(recipe, name="other", camera=CameraSetup((("exposure_us", 900.0), ("gain_db", 3.0))))
    with Station(camera, model, recipe, record=log, publish=log.publish) as line:
        until(lambda: log.kept > 2)
        camera.dies_on = "exposure_us"
        line.swap_model(load_model(package), other)
        until(lambda: events.Recovered in map(type, log.events) and log.outcomes[-1:] == [Outcome.OK])
    kinds = [type(e) for e in log.events]
    assert kinds.index(events.ModelSwapped) < kinds.index(events.Lost) < kinds.index(events.Recovered)
    # A frame that was being read when the change came is judged before the camera is missed.
    assert Outcome.NO_VERDICT in [e.inspection.verdict.outcome for e in _judged_by(log, "other")[:2]]
    assert camera.opened_times == 2
    assert camera.applied[2:] == [("exposure_us", 900.0), ("gain_db", 3.0)]
    assert not any(isinstance(e, events.Failed) for e in log.events)


def test_a_scan_refuses_another_judge(model: OpenVinoModel, package: ModelPackage) -> None:
    recipe = default_recipe(package)
    scan = Station(ListSource([]), model, recipe, record=Log(), publish=lambda _: None, pace=SCAN)
    with pytest.raises(RuntimeError, match="keeps its judge"):
        scan.swap_model(model, recipe)


def test_a_model_that_nobody_takes_is_closed_once(package: ModelPackage) -> None:
    recipe = default_recipe(package)
    first, second, late = (FakeModel(package.ref, lambda: (0.9, 0.1)) for _ in range(3))
    line = Station(ListSource([]), first, recipe, record=Log(), publish=lambda _: None)
    line.swap_model(second, recipe)
    line.run()
    line.swap_model(late, recipe)
    assert [m.closed for m in (first, second, late)] == [True] * 3


@pytest.mark.parametrize(
    ("changed", "levels", "review"),
    [
        ("limits", ["review"], [3, 4, 5, 6, 7]),
        ("view", ["review", "fine", "review"], [3, 6, 7]),
        ("golden", ["review", "fine"], [3]),
    ],
)
def test_the_watch_of_the_picture_begins_anew_with_another_golden_one_or_view(
    package: ModelPackage, changed: str, levels: list[str], review: list[int]
) -> None:
    before = replace(default_recipe(package), imaging=imaging_like(bright=True))
    after = {
        "limits": replace(before, name="after"),
        "view": replace(before, view=View(roi=(0, 0, 100, 100))),
        "golden": replace(before, imaging=imaging_like(bright=False)),
    }[changed]
    log, begun = Log(), utc_now()
    frames = [frame(part(seed=i), i, begun + timedelta(seconds=0.3 * i)) for i in range(1, 8)]

    def publish(event: events.StationEvent) -> None:
        log.publish(event)
        if isinstance(event, events.Inspected) and event.inspection.frame.sequence == 3:
            line.swap_model(FakeModel(package.ref, lambda: (0.9, 0.1)), after)

    first = FakeModel(package.ref, lambda: (0.9, 0.1))
    line = Station(ListSource(frames, free=True), first, before, record=log, publish=publish, clock=lambda: begun)
    line.run()
    assert [e.level for e in log.events if isinstance(e, events.ImagingChanged)] == levels
    assert [place for place, outcome in enumerate(log.outcomes, 1) if outcome is Outcome.REVIEW] == review


def imaging_like(*, bright: bool) -> Imaging:
    """A golden picture much brighter than the parts, or one of them; judged from three frames on."""
    golden = part(seed=99)
    if bright:
        golden = np.full((128, 160), 90, np.uint8)
        golden[::2] = 120
    return imaging_of(golden, like=Imaging("", golden, frames=3))


def _judged_by(log: Log, recipe: str) -> list[events.Inspected]:
    return [e for e in log.events if isinstance(e, events.Inspected) and e.inspection.recipe.name == recipe]
