"""A run of the line as it is composed: what judges, what is kept, what is drawn for an audit."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.inspections.table import Filter, page
from db.runs.line import LineOrder, LineRun, ready_line
from db.store.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Outcome, Traveller
from engine.domain.recipe import SavingPolicy
from engine.packages.package import ModelPackage
from engine.settings import StationSettings
from engine.system.line_lock import line_runs
from tests.frames import ListSource, part
from tests.packages import write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny", review=0.2)


def order(package: ModelPackage, spots: tuple[int, ...] = (0,), **given: object) -> LineOrder:
    """A run of this package over parts with these spots."""
    return LineOrder("list:", str(package.folder), open=lambda _uri: ListSource([part(s) for s in spots]), **given)  # type: ignore[arg-type]


def settings(**given: object) -> StationSettings:
    return StationSettings.model_validate({"schema_version": 1} | given)


def test_the_station_s_share_of_ok_pictures_holds_where_no_recipe_file_says_otherwise(
    package: ModelPackage, tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text('schema = 1\nname = "own"\n[saving]\nevery_ok = 7\n', encoding="utf-8")
    every_third = settings(save_every_ok=3)
    assert order(package).recipe_for(package, every_third).saving == SavingPolicy(True, 3)
    assert order(package, recipe=str(file)).recipe_for(package, every_third).saving.every_ok == 7
    asked = order(package, recipe=str(file), saving=SavingPolicy(False, 0))
    assert asked.recipe_for(package, every_third).saving == SavingPolicy(False, 0)


def test_without_a_review_band_every_part_is_ok_or_ng(db: Database, package: ModelPackage) -> None:
    for band, outcome in ((True, Outcome.REVIEW), (False, Outcome.NG)):
        heard: list[events.StationEvent] = []
        ready = ready_line(db, order(package, (140,), review_band=band), settings())
        run = LineRun(db, ready, heard.append, Traveller)
        run.station.run()
        run.close()
        assert [e.inspection.verdict.outcome for e in heard if isinstance(e, events.Inspected)] == [outcome]


def test_what_is_published_is_kept_and_the_gallery_has_it_before(db: Database, package: ModelPackage) -> None:
    stored: list[int] = []
    shown: list[int] = []

    def publish(event: events.StationEvent) -> None:
        if isinstance(event, events.Inspected):
            stored.append(len(page(db, Filter()).rows))
            assert run.gallery is not None
            shown.append(len(run.gallery.entries))

    ready = ready_line(db, order(package, (0, 250, 0), gallery=True, frames=2), settings())
    run = LineRun(db, ready, publish, lambda: Traveller("L1"))
    run.station.run()
    run.close()
    assert stored == shown == [1, 2]
    assert run.gallery is not None
    assert [bool(entry.picture) for entry in run.gallery.entries] == [False, True]
    assert {row.inspection.traveller.lot for row in page(db, Filter()).rows} == {"L1"}


def test_threads_and_audits_are_the_station_s(db: Database, package: ModelPackage) -> None:
    asked: list[int] = []

    def load(package: ModelPackage, threads: int) -> Model:
        asked.append(threads)
        return load_model(package)

    made = order(package, (0, 0), load=load)
    run = LineRun(db, ready_line(db, made, settings(threads=1, audit_every=1)), lambda _e: None, Traveller)
    run.station.run()
    run.close()
    assert asked == [1]
    assert [row.image is not None for row in page(db, Filter()).rows] == [True, True]


def test_what_is_not_ordered_is_not_made(db: Database, package: ModelPackage) -> None:
    ready = ready_line(db, order(package, (140, 0, 0)), settings())
    heard: list[events.StationEvent] = []
    run = LineRun(db, ready, heard.append, Traveller)
    run.station.run()
    run.close()
    assert run.gallery is None
    assert [e.inspection.verdict.outcome for e in heard if isinstance(e, events.Inspected)] == [
        Outcome.REVIEW,
        Outcome.OK,
        Outcome.OK,
    ]


def test_an_archive_that_cannot_be_written_is_told_and_the_line_goes_on(db: Database, package: ModelPackage) -> None:
    db.archive_folder.write_text("a file where the archive should be", encoding="utf-8")
    heard: list[events.StationEvent] = []
    run = LineRun(db, ready_line(db, order(package, (250, 250)), settings()), heard.append, Traveller)
    run.station.run()
    run.close()
    (warned,) = [e for e in heard if isinstance(e, events.Warned)]
    assert "archive" in warned.message
    assert warned.remedy
    assert len(page(db, Filter()).rows) == 2


def test_others_know_that_the_line_runs_until_it_has_ended(
    db: Database, package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "home"
    elsewhere.mkdir()
    monkeypatch.setenv("LINESIDE_HOME", str(elsewhere))
    seen: list[tuple[str, bool]] = []
    run = LineRun(
        db,
        ready_line(db, order(package), settings()),
        lambda event: seen.append((type(event).__name__, line_runs(db.folder) and line_runs(elsewhere))),
        Traveller,
    )
    run.station.run()
    assert dict(seen)["Inspected"]
    assert not dict(seen)["Stopped"]
    run.close()
    unused = LineRun(db, ready_line(db, order(package), settings()), lambda _event: None, Traveller)
    assert line_runs(db.folder) and line_runs(elsewhere)
    unused.close()
    assert not line_runs(db.folder) and not line_runs(elsewhere)
