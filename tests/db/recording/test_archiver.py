"""Pictures are written behind the verdicts: seen meanwhile, never dropped, and accounted for after a break-down."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, event

from db.datasets.export import export
from db.images.archive import Archive, Fingerprint
from db.inspections import table as inspections
from db.inspections.paging import Stored
from db.inspections.table import NewInspection
from db.maintenance.verify import verify
from db.recording.archiver import Archiver, Task
from db.recording.pending import recover
from db.recording.recorder import Recorder
from db.store import migration
from db.store.session import Database, open_database
from engine.domain.inspection import Inspection, Outcome
from tests.db import make


class SlowArchive(Archive):
    """A disk that takes nothing until it is let go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.go = threading.Event()

    def keep(self, relative: str) -> Fingerprint:
        """Wait, then keep."""
        assert self.go.wait(120)
        return super().keep(relative)


@pytest.fixture
def slow(db: Database) -> SlowArchive:
    """The database's archive, slow."""
    db.archive = made = SlowArchive(db.archive_folder)
    return made


def _record(recorder: Recorder, made: Inspection) -> None:
    recorder(made, make.recipe(), make.frame_of(made), make.prediction_of(made))


def _stored(db: Database, made: Inspection) -> Stored:
    found = inspections.get(db, made.id)
    assert found is not None
    return found


def _until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 120
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_verdict_is_stored_before_its_picture_which_is_seen_from_memory(db: Database, slow: SlowArchive) -> None:
    made = make.inspection(1)
    with Recorder(db) as recorder:
        _record(recorder, made)
        stored = _stored(db, made)
        assert stored.pending
        assert stored.image is not None
        assert stored.heat is not None
        assert not slow.path(stored.image).exists()
        assert np.array_equal(db.archive.load(stored.image), make.pixels())
        assert db.archive.load_heat(stored.heat).max() == 1.0
        slow.go.set()
        assert recorder.settle()
        assert not _stored(db, made).pending
        assert slow.path(stored.image).exists()
    assert verify(db) == []


def test_idle_line_marks_its_pictures_by_itself_and_leaves_no_thread(db: Database) -> None:
    made = make.inspection(1)
    recorder = Recorder(db)
    _record(recorder, made)
    _until(lambda: not _stored(db, made).pending)
    _until(lambda: "archiver" not in {t.name for t in threading.enumerate()})
    assert verify(db) == []


def test_line_waits_for_a_slow_disk_and_drops_nothing(
    db: Database, slow: SlowArchive, caplog: pytest.LogCaptureFixture
) -> None:
    archiver = Archiver(slow, lambda: None, lambda _error: None, limit=3 * 1536)

    def put_all() -> None:
        for number in range(8):
            made = make.inspection(number)
            image, heat = slow.promise(made.id, made.times.inspected_at, make.pixels(number))
            archiver.put(Task(made.id, image, heat, make.pixels(number).nbytes))

    with caplog.at_level(logging.WARNING, "db.recording.archiver"):
        line = threading.Thread(target=put_all)
        line.start()
        line.join(0.3)
        assert line.is_alive()
        slow.go.set()
        line.join(120)
        assert not line.is_alive()
        assert archiver.join(120)
    assert sum("waits for the picture archive" in message for message in caplog.messages) == 1
    assert [mark.inspection_id for mark in archiver.marks()] == [f"{n:024x}" for n in range(8)]
    for number, mark in enumerate(archiver.marks()):
        assert mark.image is not None
        assert np.array_equal(slow.load(mark.image), make.pixels(number))


def test_flush_of_a_scan_waits_for_its_pictures(db: Database, slow: SlowArchive) -> None:
    with Recorder(db, group=64) as recorder:
        for number in range(3):
            _record(recorder, make.inspection(number))
        assert inspections.count(db) == 0
        threading.Timer(0.1, slow.go.set).start()
        recorder.flush()
        rows = inspections.page(db).rows
        assert len(rows) == 3
        assert not any(row.pending for row in rows)
        assert all(slow.path(str(row.image)).exists() for row in rows)


def test_pictures_pending_when_the_station_broke_down_are_kept_or_lost(db: Database) -> None:
    made = [make.inspection(number) for number in range(4)]
    archive = Archive(db.archive_folder)
    for one in made:
        image, heat = archive.save(one.id, one.frame.captured_at, make.pixels(), np.ones((2, 2), np.float32))
        inspections.add(db, [NewInspection(one, image, heat, pending=True)])
    paths = [_stored(db, one).image for one in made]
    archive.path(str(paths[1])).unlink()
    whole = archive.path(str(paths[2])).read_bytes()
    archive.path(str(paths[2])).write_bytes(whole[: len(whole) // 2])
    archive.path(str(_stored(db, made[3]).heat)).unlink()
    assert recover(db) == 0, "another program may still be at it"
    assert recover(db, patience_s=0.0) == 2
    found = [_stored(db, one) for one in made]
    assert [row.pending for row in found] == [False] * 4
    assert [bool(row.image) for row in found] == [True, False, False, True]
    assert [bool(row.heat) for row in found] == [True, False, False, False]
    assert {row.lost for row in found} == {"", "the station stopped before it was written"}
    assert len([line for line in verify(db) if "is lost: the station stopped" in line]) == len(verify(db)) == 2


def test_pictures_in_hand_are_not_taken_for_lost(db: Database, slow: SlowArchive) -> None:
    made = make.inspection(1)
    with Recorder(db) as recorder:
        _record(recorder, made)
        assert recover(db, patience_s=0.0) == 0
        assert _stored(db, made).pending
        slow.go.set()
    assert not _stored(db, made).pending


def test_export_waits_for_the_picture_of_a_confirmed_part(db: Database, slow: SlowArchive, tmp_path: Path) -> None:
    made = make.inspection(1)
    with Recorder(db) as recorder:
        _record(recorder, made)
        recorder.override(make.override(made, Outcome.NG, "scratch"))
        threading.Timer(0.2, slow.go.set).start()
        assert export(db, tmp_path / "out", "imagefolder").items == 1


def test_bug_in_writing_costs_one_picture_and_no_verdict(db: Database) -> None:
    odd = make.inspection(1)
    frame = replace(make.frame_of(odd), pixels=np.zeros((4, 4), np.float64))
    with Recorder(db) as recorder:
        recorder(odd, make.recipe(), frame, None)
        _record(recorder, make.inspection(2))
    assert "cannot be archived" in _stored(db, odd).lost
    assert _stored(db, make.inspection(2)).image is not None


def test_pictures_of_an_older_database_are_kept(place: Path, db: Database) -> None:
    with Recorder(db) as recorder:
        _record(recorder, make.inspection(1))
    inspections.add(db, [NewInspection(make.inspection(2), "2026-03-01/gone.png", pending=True)])
    db.close()
    engine = create_engine(f"sqlite:///{place}")

    @event.listens_for(engine, "connect")
    def _plain(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    with engine.begin() as connection:
        migration.downgrade(connection, "0001_first")
    engine.dispose()
    with closing(sqlite3.connect(place)) as raw:
        assert raw.execute("SELECT count(*) FROM pictures").fetchone() == (1,)
    again = open_database(place)
    assert not _stored(again, make.inspection(1)).pending
    assert verify(again) == []
    again.close()
