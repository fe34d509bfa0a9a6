"""A line without a window takes over what the registry calls active."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from db.models.registry import activate, active, register
from db.products.acts import make_product, set_recipe_in
from db.recording.recorder import Recorder
from db.runs import follow
from db.runs.follow import Follower
from db.store.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Frame, Origin, Traveller
from engine.domain.recipe import Recipe
from engine.errors import InferenceError, InputError, StorageError
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe
from engine.station.loop import Station
from engine.station.recorder import Unrecorded
from tests.frames import ListSource, part
from tests.held import HeldModel, limits_stored, made, told_of_swaps
from tests.line import Beats, FakeModel
from tests.packages import write_tiny_package


class SteadySource(ListSource):
    """A part every 10 ms, without end."""

    def read(self, timeout: float) -> Frame:
        """The next one."""
        time.sleep(0.01)
        self._next = 0
        return super().read(timeout)


class Line:
    """A station that runs and follows."""

    def __init__(
        self,
        db: Database,
        package: ModelPackage,
        load: Callable[[ModelPackage], Model] = load_model,
        recipe_of: Callable[[ModelPackage], Recipe] = default_recipe,
        first: Recipe | None = None,
    ) -> None:
        self.events: list[events.StationEvent] = []
        self.recorder = Recorder(db)
        source = SteadySource([part()])
        recipe = first or default_recipe(package)
        self.station = Station(
            source,
            load(package),
            recipe,
            record=self.recorder,
            publish=self.events.append,
            traveller=lambda: Traveller(origin=Origin.PRODUCTION),
        )
        self.follower = Follower(
            db,
            self.station,
            package.version,
            recipe=recipe_of,
            load=load,
            publish=self.events.append,
            every_s=0.02,
        )

    def run_until(self, kind: type[events.StationEvent]) -> None:
        """Run until this was published, and some parts longer."""
        with self.recorder, self.station, self.follower:
            self._until(lambda: any(isinstance(e, kind) for e in self.events))
            judged = len(self.judges)
            self._until(lambda: len(self.judges) > judged + 5)

    def _until(self, done: Callable[[], bool]) -> None:
        ends = time.monotonic() + 120
        while not done():
            assert time.monotonic() < ends, self.events[-1]
            time.sleep(0.02)

    @property
    def judges(self) -> list[str]:
        """Which model judged each part."""
        return [e.inspection.model.name for e in self.events if isinstance(e, events.Inspected)]


@pytest.fixture
def packages(db: Database, tmp_path: Path) -> tuple[ModelPackage, ModelPackage]:
    """Two registered models, the first one active before the line begins."""
    made = [write_tiny_package(tmp_path / name, name=name) for name in ("first", "second")]
    kept = [register(db, package.folder, "ann") for package in made]
    activate(db, kept[0].version, "ann")
    first, second = (open_package(model.folder) for model in kept)
    activate(db, second.version, "ann")
    return first, second


def test_active_model_takes_over_while_the_line_runs(db: Database, packages: tuple[ModelPackage, ModelPackage]) -> None:
    line = Line(db, packages[0])
    line.run_until(events.ModelSwapped)
    judges = line.judges
    assert judges[0] == "first"
    assert judges[-1] == "second"
    assert judges == sorted(judges)


def test_damaged_model_never_replaces_the_one_that_judges(
    db: Database, packages: tuple[ModelPackage, ModelPackage]
) -> None:
    (packages[1].folder / "model.onnx").write_bytes(b"rot")
    line = Line(db, packages[0])
    line.run_until(events.Warned)
    (warned,) = [e for e in line.events if isinstance(e, events.Warned)]
    assert "damaged" in warned.message
    assert "goes on judging" in warned.remedy
    assert set(line.judges) == {"first"}
    now = active(db)
    assert now is not None
    assert now.name == "first"
    shutil.rmtree(packages[1].folder)


def test_model_that_fails_on_the_newest_part_never_takes_over(
    db: Database, packages: tuple[ModelPackage, ModelPackage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(package: ModelPackage) -> Model:
        model = load_model(package)

        def fail(*_: object) -> None:
            raise InferenceError("The model failed on a frame.")

        monkeypatch.setattr(model, "run", fail)
        return model

    line = Line(db, packages[0], load)
    line.run_until(events.Warned)
    assert set(line.judges) == {"first"}
    now = active(db)
    assert now is not None
    assert now.name == "first"


def test_a_recipe_of_this_run_alone_leaves_the_active_model_to_the_others(
    db: Database, packages: tuple[ModelPackage, ModelPackage]
) -> None:
    def recipe_of(_package: ModelPackage) -> Recipe:
        raise InputError("The recipe was made for another model.", "Choose that model.")

    line = Line(db, packages[0], recipe_of=recipe_of)
    line.run_until(events.Warned)
    assert set(line.judges) == {"first"}
    now = active(db)
    assert now is not None
    assert now.name == "second"


def test_a_database_in_trouble_takes_no_model_out_of_force(
    db: Database, packages: tuple[ModelPackage, ModelPackage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_db: Database, _product: str) -> None:
        raise StorageError("The database is locked.", "Close the other program.")

    monkeypatch.setattr(follow, "active", locked)
    line = Line(db, packages[1])
    line.run_until(events.Warned)
    now = active(db)
    assert now is not None
    assert now.name == "second"


def test_part_in_flight_keeps_the_limit_and_the_saving_policy_of_its_own_recipe(
    db: Database, packages: tuple[ModelPackage, ModelPackage], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = told_of_swaps(monkeypatch)

    def load(package: ModelPackage) -> Model:
        model = load_model(package)
        return HeldModel(model, told) if package.manifest.name == "first" else model

    line = Line(
        db,
        packages[0],
        load,
        recipe_of=lambda package: made(default_recipe(package), "loose", 0.8, 0),
        first=made(default_recipe(packages[0]), "strict", 0.3, 1),
    )
    line.run_until(events.ModelSwapped)
    assert limits_stored(db) == {("first", "strict"): {(0.3, True)}, ("second", "loose"): {(0.8, False)}}


def sound(package: ModelPackage) -> Model:
    """Finds every part good."""
    return FakeModel(package.ref, lambda: (1.0, 0.0))


class Looks:
    """A follower that looks `count` times, at once, beside a station at rest; for it `version` is in force."""

    def __init__(
        self,
        db: Database,
        version: str,
        count: int,
        *,
        before: Callable[[int], object] = lambda _look: None,
        load: Callable[[ModelPackage], Model] = sound,
    ) -> None:
        self.loaded: list[str] = []
        self.told: list[events.StationEvent] = []
        self.beats = Beats(count, lambda _seconds: before(len(self.beats.waits)))
        self._load_it, tell = load, self.told.append
        package = write_tiny_package(db.folder / "judging", name="judging")
        judging = default_recipe(package)
        self.station = Station(ListSource([]), sound(package), judging, record=Unrecorded(), publish=tell)
        self.follower = Follower(db, self.station, version, recipe=default_recipe, load=self._load, publish=tell)
        self.follower._stop = self.beats

    def _load(self, package: ModelPackage) -> Model:
        self.loaded.append(package.version)
        return self._load_it(package)

    def all(self) -> Looks:
        """Look so many times, and end."""
        with self.follower:
            assert self.beats.are_over(self.follower._thread)
        self.station.run()
        return self


def test_it_looks_every_second_and_a_model_activated_later_takes_over_once(
    db: Database, packages: tuple[ModelPackage, ModelPackage]
) -> None:
    first, second = packages

    def before(look: int) -> None:
        if look == 3:
            activate(db, first.version, "ann")

    looks = Looks(db, second.version, 5, before=before).all()
    assert looks.beats.waits == [1.0] * 6
    assert looks.loaded == [first.version]
    assert [type(e) for e in looks.told] == [events.Started, events.ModelSwapped, events.Stopped]


def test_where_no_model_is_active_yet_nothing_happens(db: Database) -> None:
    looks = Looks(db, "", 2).all()
    assert looks.loaded == []


def test_a_model_that_fails_is_told_once_where_there_is_none_to_go_back_to(db: Database, tmp_path: Path) -> None:
    only = register(db, write_tiny_package(tmp_path / "only", name="only").folder, "ann")
    activate(db, only.version, "ann")

    def fail(_package: ModelPackage) -> Model:
        raise InferenceError("It cannot be loaded.", "Import it again.")

    looks = Looks(db, "another", 4, load=fail).all()
    assert looks.loaded == [only.version]
    (warned,) = [e for e in looks.told if isinstance(e, events.Warned)]
    assert warned == events.Warned("It cannot be loaded.", "The model before it goes on judging. Import it again.")
    now = active(db)
    assert now is not None
    assert now.version == only.version


def test_when_it_has_ended_no_model_is_on_its_way(db: Database, packages: tuple[ModelPackage, ModelPackage]) -> None:
    begun, ended = threading.Event(), list[str]()

    def load(package: ModelPackage) -> Model:
        begun.set()
        time.sleep(0.05)
        ended.append(package.version)
        raise InferenceError("It cannot be loaded.")

    looks = Looks(db, packages[0].version, 1, load=load)
    with looks.follower:
        assert begun.wait(120)
    assert ended == [packages[1].version]
    looks.station.run()


def test_model_that_came_with_another_recipe_is_not_judged_with_by_this_run_s_own(
    db: Database, packages: tuple[ModelPackage, ModelPackage]
) -> None:
    product = make_product(db, "plates", "ann")
    line = Line(db, packages[0])
    with db.writing() as session:
        set_recipe_in(session, db.folder, product.id, db.folder / "recipes" / "bound.toml", "ben", "")
    line.run_until(events.Warned)
    (warned,) = [e for e in line.events if isinstance(e, events.Warned)]
    assert warned.message == "Another recipe was put in force for this product."
    assert warned.remedy == "The model before it goes on judging. Start this run anew."
    assert set(line.judges) == {"first"}
    now = active(db)
    assert now is not None and now.name == "second"
