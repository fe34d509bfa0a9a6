"""The recorder: what a station keeps, when, and what survives."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from db.images.archive import Archive
from db.inspections import overrides
from db.inspections import table as inspections
from db.inspections.paging import Sort
from db.maintenance.verify import verify
from db.recording.recorder import RECENT, Recorder
from db.store.session import Database, open_database
from engine.domain.inspection import Inspection, Outcome
from engine.domain.recipe import Recipe
from engine.errors import LinesideError, StorageError
from tests.db import make
from tests.held import limits_stored


def _record(recorder: Recorder, made: Inspection, recipe: Recipe | None = None) -> None:
    recorder(made, recipe or make.recipe(), make.frame_of(made), make.prediction_of(made))


def _images(db: Database) -> dict[int, bool]:
    return {int(r.inspection.id, 16): r.image is not None for r in inspections.page(db).rows}


def test_recorded_inspection_is_on_disk_when_the_call_returns(db: Database) -> None:
    made = make.inspection(1)
    with Recorder(db) as recorder:
        _record(recorder, made)
        stored = inspections.get(db, made.id)
        assert stored is not None
        assert stored.inspection == made
    assert stored.image is not None
    assert stored.heat is not None
    archive = Archive(db.archive_folder)
    assert np.array_equal(archive.load(stored.image), make.pixels())
    assert archive.load_heat(stored.heat).shape == (8, 12)


def test_policy_decides_which_pictures_are_archived(db: Database) -> None:
    recorder = Recorder(db)
    kinds = [Outcome.OK, Outcome.NG, Outcome.OK, Outcome.OK, Outcome.OK, Outcome.REVIEW, Outcome.NO_VERDICT]
    for number, kind in enumerate(kinds):
        _record(recorder, make.inspection(number, kind), make.recipe(3))
    assert _images(db) == {0: True, 1: True, 2: False, 3: False, 4: True, 5: True, 6: True}
    _record(recorder, make.inspection(10), make.recipe(defects=False))
    assert _images(db)[10] is False


@pytest.mark.parametrize("group", [1, 64])
def test_each_part_is_stored_by_the_recipe_it_comes_with(db: Database, group: int) -> None:
    with Recorder(db, group=group) as recorder:
        for number, recipe in enumerate((make.recipe(1, ng_at=0.315), make.recipe(0, ng_at=0.35), make.recipe(1))):
            _record(recorder, make.inspection(number, Outcome.OK, score=0.0), recipe)
    assert _images(db) == {0: True, 1: False, 2: True}
    closest = inspections.page(db, inspections.Filter(), Sort.CLOSEST).rows
    assert [int(row.inspection.id, 16) for row in closest] == [0, 1, 2]
    assert limits_stored(db) == {("demo", "plate"): {(0.315, True), (0.35, False), (0.5, True)}}


def test_inspection_without_a_frame_is_kept(db: Database) -> None:
    made = make.inspection(1, Outcome.NO_VERDICT)
    Recorder(db)(made, make.recipe(), None, None)
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.image is None


def test_group_is_committed_together_and_by_flush(db: Database) -> None:
    recorder = Recorder(db, group=4)
    for number in range(6):
        _record(recorder, make.inspection(number))
    assert inspections.count(db) == 4
    recorder.flush()
    assert inspections.count(db) == 6
    recorder.flush()
    assert inspections.count(db) == 6


def test_leaving_the_recorder_commits_what_waits(db: Database) -> None:
    with Recorder(db, group=64) as recorder:
        _record(recorder, make.inspection(1))
    assert inspections.count(db) == 1


def test_overridden_ok_part_gets_its_picture(db: Database) -> None:
    recorder = Recorder(db, group=64)
    made = make.inspection(1, Outcome.OK, score=0.1)
    _record(recorder, made)
    given = recorder.override(make.override(made, Outcome.NG, "scratch"))
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.override == given
    assert stored.image is not None
    assert np.array_equal(Archive(db.archive_folder).load(stored.image), make.pixels())


def test_part_no_longer_in_memory_is_overridden_without_a_picture(db: Database) -> None:
    recorder = Recorder(db)
    for number in range(RECENT + 1):
        _record(recorder, make.inspection(number, Outcome.OK))
    assert recorder.recent(f"{0:024x}") is None
    kept = recorder.recent(f"{1:024x}")
    assert kept is not None
    assert kept[1] is not None
    recorder.override(make.override(f"{0:024x}", Outcome.NG, "scratch"))
    assert overrides.in_force(db, f"{0:024x}") is not None
    assert _images(db)[0] is False


def test_failed_commit_is_told_and_what_waits_is_written_later(place: Path, db: Database) -> None:
    db.close()
    quick = open_database(place, timeout_s=0.2)
    recorder = Recorder(quick)
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            _record(recorder, make.inspection(1))
        other.execute("ROLLBACK")
    _record(recorder, make.inspection(2))
    assert _images(quick) == {1: True, 2: True}
    quick.close()


def test_archive_that_cannot_be_written_is_told_once_and_the_verdicts_go_on(db: Database) -> None:
    told: list[LinesideError] = []
    db.archive_folder.write_text("a file where the archive should be")
    with Recorder(db, tell=told.append) as recorder:
        for number in range(3):
            _record(recorder, make.inspection(number))
        assert recorder.settle()
        assert _images(db) == {0: False, 1: False, 2: False}
        assert [type(error) for error in told] == [StorageError]
        stored = inspections.get(db, f"{0:024x}")
        assert stored is not None
        assert "could not be written" in stored.lost
        db.archive_folder.unlink()
        _record(recorder, make.inspection(3))
        recorder.override(make.override(f"{0:024x}", Outcome.NG, "scratch"))
        assert recorder.settle()
    assert _images(db) == {0: True, 1: False, 2: False, 3: True}
    assert sum("is lost" in line for line in verify(db)) == len(verify(db)) == 2


def test_recent_frames_are_given_while_a_commit_waits(place: Path, db: Database) -> None:
    recorder = Recorder(db)
    _record(recorder, make.inspection(1))
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = threading.Thread(target=_record, args=(recorder, make.inspection(2)))
        writing.start()
        time.sleep(0.05)
        assert recorder.recent(f"{1:024x}") is not None
        assert writing.is_alive(), "it waited for the commit"
        other.execute("ROLLBACK")
    writing.join()
    assert inspections.count(db) == 2
