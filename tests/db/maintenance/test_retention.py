"""Retention: the oldest pictures leave for good, what is held back stays, and every record stays."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from db.datasets.export import export
from db.inspections.overrides import add_override, undo_last
from db.inspections.table import NewInspection, add, get
from db.maintenance import retention as rules
from db.maintenance.retention import GIGABYTE, REMOVED, carry_out, forecast, plan
from db.maintenance.verify import verify
from db.store.schema import RandomAuditRow
from db.store.session import Database
from db.users.trail import entries
from engine.domain.inspection import Inspection, Outcome
from engine.errors import StorageError
from engine.settings import Retention
from tests.db.make import START, inspection, override, pixels, prediction_of

DAY = 86_400.0
NOW = START + timedelta(days=10)


def store(db: Database, *days: float, outcome: Outcome = Outcome.NG) -> list[Inspection]:
    """One archived part for each number of days after START."""
    made = [inspection(int(day * 1000), outcome, seconds=day * DAY) for day in days]
    for part in made:
        heat = prediction_of(part).heat
        paths = db.archive.save(part.id, part.frame.captured_at, pixels(part.frame.sequence), heat)
        add(db, [NewInspection(part, *paths)])
    return made


def files(db: Database) -> list[str]:
    return sorted(p.name for p in db.archive_folder.rglob("*.png"))


def lost(db: Database, part: Inspection) -> str:
    stored = get(db, part.id)
    assert stored is not None
    return stored.lost


def test_old_pictures_leave_for_good_and_rows_stay(db: Database) -> None:
    old, young = store(db, 0, 9)
    keep = Retention(days=5)
    planned = plan(db, keep, NOW)
    removed = carry_out(db, keep, NOW, "ann")
    assert (planned.pictures, planned.kept_pictures, planned.oldest_kept) == (1, 1, young.times.inspected_at)
    assert (removed.pictures, removed.failures) == (1, 0)
    assert removed.bytes == planned.bytes > 0
    assert files(db) == [f"{young.id}.heat.png", f"{young.id}.png"]
    assert not (db.archive_folder / "2026-03-01").exists()
    assert lost(db, old) == f"{REMOVED} after 5 days, 2026-03-11"
    assert lost(db, young) == ""
    assert verify(db) == []
    (entry,) = entries(db)
    assert (entry.who, entry.what) == ("ann", REMOVED) and entry.detail.startswith("1 pictures")


def test_without_limits_nothing_leaves(db: Database) -> None:
    store(db, 0)
    assert carry_out(db, Retention(), NOW, "ann").pictures == plan(db, Retention(), NOW).pictures == 0
    assert len(files(db)) == 2 and entries(db) == ()


def test_size_limit_takes_the_oldest_first(db: Database) -> None:
    parts = store(db, 1, 2, 3, 4)
    total = plan(db, Retention(), NOW).kept_bytes
    keep = Retention(gigabytes=0.6 * total / GIGABYTE)
    assert plan(db, keep, NOW).pictures == 2
    assert carry_out(db, keep, NOW, "ann").pictures == 2
    assert [bool(lost(db, p)) for p in parts] == [True, True, False, False]
    assert plan(db, keep, NOW).pictures == 0


def test_corrected_pictures_stay_unless_told_otherwise_and_exported(db: Database, tmp_path: Path) -> None:
    corrected, plain = store(db, 0, 1)
    add_override(db, override(corrected))
    assert carry_out(db, Retention(days=5), NOW, "ann").pictures == 1
    assert (lost(db, corrected), bool(lost(db, plain))) == ("", True)
    freely = Retention(days=5, keep_corrected=False)
    assert carry_out(db, freely, NOW, "ann").pictures == 0, "no export holds it yet"
    export(db, tmp_path / "out")
    assert carry_out(db, freely, NOW, "ann").pictures == 1
    stored = get(db, corrected.id)
    assert stored is not None and stored.override is not None and verify(db) == []


def test_undone_correction_holds_nothing_back(db: Database) -> None:
    (part,) = store(db, 0)
    said = override(part)
    add_override(db, said)
    undo_last(db, "ann", said.at)
    assert carry_out(db, Retention(days=5), NOW, "ann").pictures == 1


def test_picture_waits_for_its_random_audit(db: Database) -> None:
    (part,) = store(db, 0, outcome=Outcome.OK)
    with db.writing() as session:
        session.execute(insert(RandomAuditRow), [{"inspection_id": part.id, "at": START, "one_in": 50}])
    keep = Retention(days=5, keep_corrected=False)
    assert carry_out(db, keep, NOW, "ann").pictures == 0
    add_override(db, override(part, Outcome.REVIEW, ""))
    assert carry_out(db, keep, NOW, "ann").pictures == 1


def test_picture_corrected_between_look_and_removal_stays(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    (part,) = store(db, 0)
    looked = rules._look_up

    def then_corrected(*args: object) -> object:
        found = looked(*args)  # type: ignore[arg-type]
        if get(db, part.id).override is None:  # type: ignore[union-attr]
            add_override(db, override(part))
        return found

    monkeypatch.setattr(rules, "_look_up", then_corrected)
    assert carry_out(db, Retention(days=5), NOW, "ann").pictures == 0
    assert len(files(db)) == 2


def test_file_that_cannot_be_removed_is_told_and_tried_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, free = store(db, 0, 1)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == f"{stuck.id}.png":
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        removed = carry_out(db, Retention(days=5), NOW, "ann")
    assert (removed.pictures, removed.failures, removed.failed[0][0]) == (1, 1, stuck.id)
    assert "Permission denied" in removed.failed[0][1]
    assert lost(db, stuck) == "" and verify(db) == []
    assert carry_out(db, Retention(days=5), NOW, "ann").pictures == 1
    assert files(db) == [] and bool(lost(db, free))


def test_archive_that_is_not_there_loses_nothing(db: Database) -> None:
    (part,) = store(db, 0)
    db.archive_folder.rename(db.folder / "elsewhere")
    with pytest.raises(StorageError, match="not there"):
        carry_out(db, Retention(days=5), NOW, "ann")
    assert lost(db, part) == ""
    shutil.move(db.folder / "elsewhere", db.archive_folder)
    assert carry_out(db, Retention(days=5), NOW, "ann").pictures == 1


def test_cancel_ends_after_a_transaction_and_is_counted(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BATCH", 1)
    store(db, 0, 1, 2)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 1

    removed = carry_out(db, Retention(days=1), NOW, "ann", cancelled)
    assert (removed.pictures, removed.cancelled) == (1, True)
    assert entries(db)[0].detail.startswith("1 pictures") and verify(db) == []


def test_forecast_counts_what_came_and_what_left(db: Database) -> None:
    store(db, 0, 8, 9)
    keep = Retention(days=2)
    before = forecast(db, Retention(), NOW)
    carry_out(db, keep, NOW + timedelta(hours=1), "ann")
    after = forecast(db, keep, NOW)
    assert before.bytes_a_day > 0 and before.disk_in_days == pytest.approx(before.free_bytes / before.bytes_a_day)
    assert 0.5 * before.bytes_a_day < after.bytes_a_day <= before.bytes_a_day
    assert after.disk_in_days is None, "age takes pictures away long before the disk is full"
    small = Retention(gigabytes=2 * before.kept_bytes / GIGABYTE)
    limited = forecast(db, small, NOW)
    assert limited.limit_in_days is not None and limited.disk_in_days is None


def test_forecast_of_an_empty_station_promises_nothing(db: Database) -> None:
    empty = forecast(db, Retention(days=5, gigabytes=1), NOW)
    assert (empty.bytes_a_day, empty.kept_bytes, empty.disk_in_days, empty.limit_in_days) == (0, 0, None, None)
