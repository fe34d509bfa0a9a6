"""What a part was judged for is written by each composition, for every kind of source."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

import main
from db.inspections.table import page
from db.recording.recorder import Recorder
from db.runs.line import LineOrder, LineRun, ready_line
from db.store.session import Database
from engine import events
from engine.domain.inspection import Origin, Traveller, as_plain
from engine.packages.package import ModelPackage
from engine.settings import StationSettings
from tests.db import make
from tests.db.runs.kinds import KINDS, RUNS, run_line, run_scan, source
from tests.packages import write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("run", RUNS)
def test_every_run_says_what_its_parts_were_judged_for(
    db: Database, package: ModelPackage, tmp_path: Path, kind: str, run: str
) -> None:
    told = RUNS[run](db, package, source(kind, tmp_path))
    wanted = "simulated" if kind == "demo" else {"line": "production", "scan": "scan"}[run]
    stored = [row.inspection for row in page(db).rows]
    assert len(told) == len(stored) == 3
    assert {str(part.traveller.origin) for part in (*told, *stored)} == {wanted}
    assert {as_plain(part)["origin"] for part in told} == {wanted}
    assert {part.traveller.lot for part in stored} == {"L1"}


@pytest.mark.parametrize("origin", [Origin.SETUP, Origin.TRIAL])
def test_a_line_runs_for_what_it_is_told_and_the_demo_line_stays_simulated(
    db: Database, package: ModelPackage, tmp_path: Path, origin: Origin
) -> None:
    camera = run_line(db, package, source("camera", tmp_path), origin)
    demo = run_line(db, package, source("demo", tmp_path), origin)
    assert {part.traveller.origin for part in camera} == {origin}
    assert {part.traveller.origin for part in demo} == {Origin.SIMULATED}


def test_a_line_under_way_can_be_told_to_judge_for_something_else(
    db: Database, package: ModelPackage, tmp_path: Path
) -> None:
    def publish(event: events.StationEvent) -> None:
        if isinstance(event, events.Inspected):
            run.judge_for(Origin.SETUP)

    made = source("camera", tmp_path)
    order = LineOrder(made.uri, str(package.folder), open=lambda _uri: made)
    run = LineRun(db, ready_line(db, order, StationSettings.model_validate({})), publish, Traveller)
    run.station.run()
    run.close()
    origins = [row.inspection.traveller.origin for row in page(db).rows]
    assert origins == [Origin.SETUP, Origin.SETUP, Origin.PRODUCTION]


def test_a_scan_without_a_database_says_it_too(package: ModelPackage, tmp_path: Path) -> None:
    told = run_scan(None, package, source("folder", tmp_path))
    assert {as_plain(part)["origin"] for part in told} == {"scan"}


def test_no_new_row_is_of_unknown_origin(db: Database) -> None:
    with Recorder(db) as recorder, pytest.raises(ValueError, match="judged for"):
        recorder(make.inspection(origin=Origin.UNKNOWN), make.recipe(), None, None)
    assert page(db).rows == ()


def test_the_command_line_says_what_a_run_is_for() -> None:
    def parsed(*words: str) -> argparse.Namespace:
        return main.build_parser("run").parse_args(["run", *words])

    assert parsed().judged_as == "production"
    assert parsed("--as", "set-up").judged_as == "set-up"
    with pytest.raises(SystemExit):
        parsed("--as", "simulated")
