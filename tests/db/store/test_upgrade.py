"""A database of 0.1.0 with 100,000 inspections is brought to this version, and told how; the way back is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text

from db.commands.opened import opened
from db.inspections import overrides
from db.inspections import table as inspections
from db.store.schema import REVISION
from db.store.session import open_database
from engine.domain.inspection import Origin, Outcome
from engine.errors import StorageError
from main import main
from tests.db import make
from tests.db.older import older

ROWS = 100_000
FIRST = "0001_first"
"""What 0.1.0 wrote."""
FILL = f"""
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ROWS})
INSERT INTO inspections
    (id, inspected_at, source, sequence, captured_at, name, height, width, truth, pixels_sha256, outcome, label, score,
     margin, reasons, scores, regions, model_name, model_version, recipe_name, recipe_version, recipe_digest, lot, part,
     operator, station, prepare_ms, infer_ms, total_ms)
SELECT printf('%024x', i), datetime('2026-03-01', '+' || i || ' seconds') || '.000000', 'v4l:/dev/video0', i,
       datetime('2026-03-01', '+' || i || ' seconds') || '.000000', '', 480, 640, NULL, NULL,
       CASE i % 10 WHEN 0 THEN 'NG' WHEN 1 THEN 'REVIEW' ELSE 'OK' END, 'scratch', 0.5, 0.1, '["scratch 0.80"]',
       '{{"classes": ["good", "scratch"], "values": [0.5, 0.5]}}', '[]', 'plates', 'abc123', 'plates', 1, 'd1', 'L1',
       '', 'Ada', 'Station 1', 1.0, 2.0, 3.0
FROM n
"""


@pytest.fixture
def of_before(place: Path) -> Path:
    """A database of 0.1.0, with what a station of then kept in a hundred thousand parts."""
    open_database(place).close()
    older(place, FIRST)
    with closing(sqlite3.connect(place)) as raw, raw:
        raw.execute(FILL)
    return place


def test_every_row_is_kept_as_it_was_and_may_be_worked_with(of_before: Path) -> None:
    db = open_database(of_before)
    assert inspections.count(db) == ROWS
    (newest,) = inspections.page(db, limit=1).rows
    traveller = newest.inspection.traveller
    assert (traveller.lot, traveller.operator, traveller.product, traveller.origin) == ("L1", "Ada", "", Origin.UNKNOWN)
    assert newest.inspection.verdict.outcome is Outcome.OK and not newest.inspection.verdict.unknown
    overrides.add_override(db, make.override(newest.inspection))
    with db.session() as session:
        assert session.scalar(select(text("version_num")).select_from(text("alembic_version"))) == REVISION
    db.close()


def test_what_was_done_and_what_is_kept_is_told(of_before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = opened(str(of_before))
    said = capsys.readouterr().err
    assert db.migrated is not None and db.migrated.copy is not None
    assert "The database of an older version was brought to this one in " in said
    assert f"MB) is kept: {db.migrated.copy}" in said
    with closing(sqlite3.connect(db.migrated.copy)) as raw:
        assert raw.execute("SELECT count(*) FROM inspections").fetchone() == (ROWS,)
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (FIRST,)
    db.close()
    opened(str(of_before)).close()
    assert capsys.readouterr().err == ""


def test_without_room_for_the_copy_and_the_log_nothing_is_touched(
    of_before: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = of_before.read_bytes()
    free = of_before.stat().st_size * 2 - 1
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": free}))
    with pytest.raises(StorageError, match="no room for a copy") as refused:
        open_database(of_before)
    assert refused.value.remedy == f"Free {(free + 1) // 1_000_000 + 1} MB on that disk."
    assert of_before.read_bytes() == before


def test_the_way_back_is_refused_in_words(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_database(place).close()
    with closing(sqlite3.connect(place)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099_later'")
    assert main(["verify", "--db", str(place)]) == 3
    said = capsys.readouterr().err
    assert "was made by a newer Lineside (revision 0099_later)" in said and "Update this station" in said
