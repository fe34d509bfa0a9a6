"""A whole shift in a real window under Xvfb, and what it leaves in the database and on the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from db.datasets import export
from db.datasets.gates import gates
from db.inspections.overrides import history, read_mask
from db.inspections.table import Filter, count, page
from db.maintenance.verify import verify
from db.models.registry import activations, active, list_models
from db.products.shelf import list_products
from db.store.session import Database, open_database
from db.users import trail as audit
from db.users.alarms import list_alarms, unacknowledged
from engine.domain.inspection import Origin, Outcome
from engine.images.listing import list_pictures
from engine.system.places import database_url
from tests import ROOT
from tests.e2e.fake_trainer import write as write_trainer
from tests.e2e.shift import DEMO, FOREIGN
from tests.e2e.tasks.conftest import said_of
from tests.e2e.tasks.engineer_tasks import TAUGHT
from tests.e2e.tasks.screen import screen
from tests.scenes import incoming

ATTEMPTS, STUCK = 3, 75
"""The operator of the test goes by what is on screen; one that waits in vain on a busy machine begins a new shift."""


@pytest.fixture
def display() -> Iterator[str]:
    """A screen of its own."""
    with screen() as shown:
        yield shown


@pytest.mark.prove(shard="soaks")
@pytest.mark.smoke
@pytest.mark.timeout(2700)
def test_a_shift_from_the_first_part_to_the_report(display: str, tmp_path: Path) -> None:
    data = os.environ.get("LINESIDE_DATA", "")
    folder = Path(data) / "magnetic_tile" if data else incoming(tmp_path / "incoming", 40)
    trainer = write_trainer(tmp_path / "teacher")
    for attempt in range(ATTEMPTS):
        home, out = tmp_path / f"home{attempt}", tmp_path / f"out{attempt}"
        done, seen = _work(display, home, out, folder, trainer)
        if done.returncode != STUCK:
            break
    assert done.returncode == 0, done.stderr
    assert seen["platform"] == "xcb"
    _check_files(out)
    _check_database(home, seen, len(list_pictures(folder)))


def _work(
    display: str, home: Path, out: Path, folder: Path, trainer: Path
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """One shift on a fresh station, the window closed and started again in it; what was seen, and how it ended."""
    home.mkdir()
    (out / "line").mkdir(parents=True)
    settings = {
        "schema_version": 1,
        "operator": "Ana",
        "operators": ["Ana"],
        "language": "en",
        "first_run": False,
        "trainer": str(trainer),
        "alarms": {"ng_in_row": 2},
    }
    (home / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "LINESIDE_HOME": str(home)}
    seen: dict[str, Any] = {}
    for sitting in ("shift", "again", "foreign"):
        command = [sys.executable, "-m", "tests.e2e.shift", sitting, str(folder), str(out)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=800, check=False
        )
        if done.returncode:
            break
        assert "Traceback" not in done.stderr, done.stderr
        seen |= json.loads(done.stdout.splitlines()[-1])
    return done, seen


def _check_files(out: Path) -> None:
    with zipfile.ZipFile(out / "scan.xlsx") as book:
        assert "Results" in book.read("xl/workbook.xml").decode()
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")


def _check_database(home: Path, seen: dict[str, Any], pictures: int) -> None:
    db = open_database(database_url(home))
    try:
        assert verify(db) == []
        assert count(db, Filter(source=DEMO)) >= 200
        lots = {row.inspection.traveller.lot for row in page(db, limit=5000).rows}
        assert {"L-1", "L-2"} <= lots
        _check_words(db)
        _check_products(db, seen)
        alarms = list_alarms(db)
        assert any(alarm.acknowledged_by == "Ana" for alarm in alarms)
        assert len(unacknowledged(db)) < len(alarms)
        whys = {"catches what we corrected", "first model of the impellers"}
        assert {(g.decision, g.why) for g in gates(db)} == {("activated", why) for why in whys}
        assert [(a.version == seen["activated"], a.rollback) for a in activations(db)][-2:] == [
            (True, False),
            (False, True),
        ]
        now = active(db)
        assert now is not None and now.version != seen["activated"]
        assert len(list_models(db)) >= 2
        # The scan is in the database besides, and every picture of the folder in it.
        assert seen["scanned"] == pictures
        assert count(db, Filter(origin=Origin.SCAN)) == pictures
        assert any(entry.what == "model activated" for entry in audit.entries(db))
        assert export.waiting(db) == 0
    finally:
        db.close()


def _check_products(db: Database, seen: dict[str, Any]) -> None:
    """Two products and a foreign one: each row says whose it is and what it was judged for, and what judged it is what
    the window said."""
    rows = [row.inspection for row in reversed(page(db, limit=5000).rows)]
    first = list_products(db)[0]
    assert [product.name for product in list_products(db)] == [first.name, TAUGHT]
    line = [part for part in rows if part.traveller.origin is not Origin.SCAN]
    assert {part.traveller.origin for part in rows} == {Origin.SIMULATED, Origin.SCAN, Origin.PRODUCTION}
    assert [name for name, _ in groupby(part.traveller.product for part in line)] == [first.name, TAUGHT] * 2
    assert {part.traveller.product for part in rows if part.traveller.origin is Origin.SCAN} == {first.name}
    mine = [part for part in line if part.traveller.product == TAUGHT]
    assert {said_of(part) for part in mine} == {seen["judges"]} == {seen["judges again"]}
    strange = [part for part in rows if part.traveller.origin is Origin.PRODUCTION]
    assert len(strange) == FOREIGN
    assert {(p.verdict.unknown, p.verdict.outcome, p.verdict.label) for p in strange} == {(True, Outcome.REVIEW, "")}
    assert "of the last" in seen["unknown"]
    now = active(db, first.id)
    assert now is not None and seen["judges at the end"] == f"{first.name} · default 1 · {now.name} {now.version}"


def _check_words(db: Database) -> None:
    """Five words on Live of which one was taken back, 20 in Review, three of them with a painted mask."""
    rows = page(db, Filter(overridden=True), limit=100).rows
    assert len(rows) == 24
    masks = [read_mask(db, row.override) for row in rows if row.override is not None]
    assert sum(mask is not None for mask in masks) == 3
    assert all(mask.any() for mask in masks if mask is not None)
    undone = [o for row in page(db, limit=5000).rows for o in history(db, row.inspection.id) if o.undoes is not None]
    assert len(undone) == 1
    assert any(row.override is not None and row.override.outcome is Outcome.REVIEW for row in rows)
