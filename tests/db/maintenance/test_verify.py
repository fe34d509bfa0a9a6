"""verify finds what is missing, changed or inconsistent; the audit trail only grows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.inspections import overrides
from db.inspections import table as inspections
from db.maintenance.verify import verify
from db.models import registry
from db.recording.recorder import Recorder
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import Inspection, Outcome
from tests.db import make


@pytest.fixture
def parts(db: Database, tmp_path: Path) -> list[Inspection]:
    """Three archived parts, one with a painted mask, and a registered model."""
    recorder = Recorder(db)
    made = [make.inspection(n) for n in range(3)]
    for one in made:
        recorder(one, make.recipe(), make.frame_of(one), make.prediction_of(one))
    recorder.close()
    mask = np.full((32, 48), 255, np.uint8)
    overrides.add_override(db, make.override(made[0], Outcome.NG, "scratch", mask=mask))
    overrides.add_override(db, make.override(made[1]))
    registry.register(db, make.package(tmp_path / "pkg").folder, "ann")
    return made


def test_sound_database_has_no_problems(db: Database, parts: list[Inspection]) -> None:
    assert verify(db) == []


def test_missing_changed_and_escaping_files_are_named(place: Path, db: Database, parts: list[Inspection]) -> None:
    stored = inspections.get(db, parts[0].id)
    other = inspections.get(db, parts[1].id)
    assert stored is not None
    assert other is not None
    (db.archive_folder / str(stored.image)).unlink()
    (db.archive_folder / str(other.heat)).write_bytes(b"x")
    next(db.archive_folder.rglob("*.mask.png")).unlink()
    (next((db.folder / "models").iterdir()) / "model.onnx").write_bytes(b"rot")
    with closing(sqlite3.connect(place)) as raw:
        raw.execute("UPDATE pictures SET image = '../../etc/passwd' WHERE inspection_id = ?", (parts[2].id,))
        raw.commit()
    found = verify(db)
    assert len(found) == 5
    for words in ("picture of inspection", "heat map", "mask of override", "leads out", "model"):
        assert any(words in line for line in found), words


def test_override_in_force_that_is_not_the_last_is_found(place: Path, db: Database, parts: list[Inspection]) -> None:
    with closing(sqlite3.connect(place)) as raw:
        raw.execute("DELETE FROM standing WHERE inspection_id = ?", (parts[0].id,))
        raw.execute("UPDATE standing SET disagrees = 0")
        raw.commit()
    found = verify(db)
    assert [("not the last" in line, "filed wrongly" in line) for line in found] == [(True, False), (False, True)]


def test_reference_to_nothing_is_found(place: Path, db: Database, parts: list[Inspection]) -> None:
    with closing(sqlite3.connect(place)) as raw:
        raw.execute("DROP TRIGGER inspections_no_delete")
        raw.execute("DELETE FROM inspections WHERE id = ?", (parts[0].id,))
        raw.commit()
    assert any("refers to" in line for line in verify(db))


def test_audit_trail_is_read_newest_first(db: Database) -> None:
    audit.record(db, "ann", "limit changed", "0.5 → 0.4")
    audit.record(db, "bob", "export")
    assert [(e.who, e.what, e.detail) for e in audit.entries(db)] == [
        ("bob", "export", ""),
        ("ann", "limit changed", "0.5 → 0.4"),
    ]
    assert len(audit.entries(db, limit=1)) == 1


@pytest.mark.parametrize("act", ["UPDATE audit SET who = 'x'", "DELETE FROM audit"])
def test_audit_trail_cannot_be_changed(db: Database, act: str) -> None:
    audit.record(db, "ann", "limit changed")
    with pytest.raises(IntegrityError, match="never changes"), db.writing() as session:
        session.execute(text(act))
