"""What is to take over is proved beside the line; only what was activated and fails its proof leaves force."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.models.registry import ModelVersion, activate, active, register
from db.runs.take_over import Successor, made_ready
from db.store.session import Database
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.recipe import Recipe
from engine.errors import InferenceError, InputError, LinesideError, PackageError
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe
from engine.station.loop import Station
from engine.station.recorder import Unrecorded
from tests.frames import ListSource, part
from tests.packages import write_tiny_package


@pytest.fixture
def versions(db: Database, tmp_path: Path) -> tuple[ModelVersion, ModelVersion]:
    """Two registered models; the second is active, the first was before."""
    made = [write_tiny_package(tmp_path / name, name=name) for name in ("first", "second")]
    first, second = (register(db, package.folder, "ann") for package in made)
    activate(db, first.version, "ann")
    activate(db, second.version, "ann")
    return first, second


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """One that has read a part."""
    package = write_tiny_package(tmp_path / "running", name="running")
    made = Station(
        ListSource([part()]), load_model(package), default_recipe(package), record=Unrecorded(), publish=lambda _e: None
    )
    made.run()
    assert made.newest is not None
    return made


def ready(
    db: Database,
    wanted: str,
    station: Station | None = None,
    *,
    recipe: type[LinesideError] | None = None,
    load: type[LinesideError] | None = None,
    by: str = "ann",
) -> Successor:
    """Made ready, with a recipe or a loading that fails if so asked."""

    def recipe_of(package: ModelPackage) -> Recipe:
        if recipe is not None:
            raise recipe("It does not fit.")
        return default_recipe(package)

    def load_it(package: ModelPackage) -> Model:
        if load is not None:
            raise load("It cannot be loaded.")
        return load_model(package)

    return made_ready(db, wanted, station, recipe=recipe_of, load=load_it, withdrawn_by=by)


def name_of_active(db: Database) -> str:
    now = active(db)
    assert now is not None
    return now.name


def test_without_a_running_station_nothing_is_loaded(db: Database, versions: tuple[ModelVersion, ModelVersion]) -> None:
    made = ready(db, versions[1].version, load=InferenceError)
    assert made.model is None
    assert (made.package.manifest.name, made.recipe.name) == ("second", "default")


def test_beside_a_station_the_model_comes_warm_and_proved(
    db: Database, versions: tuple[ModelVersion, ModelVersion], station: Station
) -> None:
    made = ready(db, "", station)
    assert made.model is not None
    assert made.model.ref.name == "second"
    made.model.close()


@pytest.mark.parametrize("running", [True, False], ids=["running", "at rest"])
def test_an_activated_model_that_cannot_be_opened_leaves_force(
    db: Database, versions: tuple[ModelVersion, ModelVersion], station: Station, running: bool
) -> None:
    (versions[1].folder / "model.onnx").write_bytes(b"rot")
    with pytest.raises(PackageError):
        ready(db, versions[1].version, station if running else None)
    assert name_of_active(db) == "first"


def test_an_activated_model_that_cannot_be_loaded_leaves_force(
    db: Database, versions: tuple[ModelVersion, ModelVersion], station: Station
) -> None:
    with pytest.raises(InferenceError):
        ready(db, versions[1].version, station, load=InferenceError)
    assert name_of_active(db) == "first"


def test_a_model_only_tried_on_stays_in_force(
    db: Database, versions: tuple[ModelVersion, ModelVersion], station: Station
) -> None:
    with pytest.raises(InferenceError):
        ready(db, versions[1].version, station, load=InferenceError, by="")
    assert name_of_active(db) == "second"


def test_a_recipe_that_does_not_fit_is_no_fault_of_the_model(
    db: Database, versions: tuple[ModelVersion, ModelVersion], station: Station
) -> None:
    with pytest.raises(InputError):
        ready(db, versions[1].version, station, recipe=InputError)
    assert name_of_active(db) == "second"
