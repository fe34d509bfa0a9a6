"""Simulated parts leave for good with everything of theirs; nothing of another part ever does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

import main
from db.datasets.export import export
from db.inspections.comments import add_comment
from db.inspections.overrides import add_override, undo_last
from db.inspections.table import NewInspection, add, get, page
from db.maintenance import simulated as rules
from db.maintenance.retention import carry_out, plan
from db.maintenance.simulated import REMOVED, SimulatedParts, remove_simulated, simulated
from db.maintenance.verify import verify
from db.store.schema import Base, RandomAuditRow
from db.store.session import Database
from db.users.trail import entries
from engine.domain.inspection import Inspection, Origin, Outcome
from engine.errors import StorageError
from engine.settings import Retention
from tests.db.make import START, inspection, override, pixels, prediction_of


def kept(db: Database, part: Inspection) -> None:
    """A part with its picture, a word taken back and another one with a painted mask, a comment, an audit."""
    heat = prediction_of(part).heat
    paths = db.archive.save(part.id, part.frame.captured_at, pixels(part.frame.sequence), heat)
    add(db, [NewInspection(part, *paths)])
    add_override(db, override(part, Outcome.OK, "good"))
    undo_last(db, "ann", START)
    painted = np.zeros((32, 48), np.uint8)
    painted[4:9, 4:9] = 255
    add_override(db, replace(override(part, Outcome.NG, "scratch"), mask=painted))
    add_comment(db, [part.id], "ann", "look again", START)
    with db.writing() as session:
        session.execute(insert(RandomAuditRow), [{"inspection_id": part.id, "at": START, "one_in": 10}])


@pytest.fixture
def parts(db: Database) -> dict[Origin, Inspection]:
    """One part of each origin, all of them exported."""
    made = {origin: inspection(number, origin=origin) for number, origin in enumerate(Origin)}
    for part in made.values():
        kept(db, part)
    return made


def rows(db: Database) -> dict[str, int]:
    with db.session() as session:
        return {
            t.name: session.execute(select(func.count()).select_from(t)).scalar_one()
            for t in Base.metadata.sorted_tables
        }


def files(db: Database) -> set[str]:
    return {path.name for path in db.archive_folder.rglob("*.png")}


def test_simulated_parts_leave_with_pictures_and_words_and_all_others_stay(
    db: Database, parts: dict[Origin, Inspection], tmp_path: Path
) -> None:
    export(db, tmp_path / "out", "lineside")
    before, there = rows(db), files(db)
    gone = parts[Origin.SIMULATED]
    planned = simulated(db)
    done = remove_simulated(db, "ann")
    assert (planned.parts, planned.pictures, planned.words) == (done.parts, done.pictures, done.words) == (1, 1, 4)
    assert done.bytes > 0 and done.failed == ()
    share = {"inspections": 1, "pictures": 1, "standing": 1, "overrides": 3, "comments": 1, "random_audits": 1}
    lost = share | {"export_items": 1, "audit": -1}
    assert rows(db) == {name: count - lost.get(name, 0) for name, count in before.items()}
    assert there - files(db) >= {f"{gone.id}.png", f"{gone.id}.heat.png"}
    assert len(there - files(db)) == 3, "picture, heat map and mask"
    assert get(db, gone.id) is None
    assert {row.inspection.traveller.origin for row in page(db).rows} == set(Origin) - {Origin.SIMULATED}
    assert verify(db) == []
    (entry,) = [entry for entry in entries(db) if entry.what == REMOVED]
    assert entry.who == "ann" and entry.detail.startswith("1 parts, 1 pictures, ") and entry.detail.endswith("4 words")


@pytest.mark.parametrize("origin", [origin for origin in Origin if origin is not Origin.SIMULATED])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("overrides", "inspection_id"),
        ("comments", "inspection_id"),
        ("random_audits", "inspection_id"),
        ("inspections", "id"),
    ],
)
def test_the_database_itself_lets_no_other_part_go(
    db: Database, parts: dict[Origin, Inspection], origin: Origin, table: str, column: str
) -> None:
    before = rows(db)
    with pytest.raises(IntegrityError, match=r"never deleted|only added to"), db.writing() as session:
        session.execute(text(f"DELETE FROM {table} WHERE {column} = '{parts[origin].id}'"))
    with pytest.raises(IntegrityError, match="never changes"), db.writing() as session:
        session.execute(text(f"UPDATE inspections SET origin = 'simulated' WHERE id = '{parts[origin].id}'"))
    assert rows(db) == before


def test_parts_that_wait_for_a_person_are_told(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = [inspection(n, Outcome.REVIEW, origin=Origin.SIMULATED) for n in range(3)]
    others = [inspection(3, Outcome.NG, origin=Origin.SIMULATED), inspection(4, Outcome.REVIEW)]
    add(db, [NewInspection(part) for part in (*waiting, *others)])
    add_override(db, override(waiting[0], Outcome.OK, "good"))
    assert (simulated(db).parts, simulated(db).waiting) == (4, 2)
    assert main.main(["simulated", "--db", db.url]) == 0
    assert capsys.readouterr().out.endswith("1 words on them. 2 of them wait for a person's decision.\n")


def test_pictures_that_retention_took_before_are_not_counted_again(
    db: Database, parts: dict[Origin, Inspection], tmp_path: Path
) -> None:
    export(db, tmp_path / "out", "lineside")
    keep = Retention(days=1, keep_corrected=False)
    assert carry_out(db, keep, START + timedelta(days=9), "ann").pictures == len(Origin), (
        "whatever they were judged for"
    )
    planned = simulated(db)
    done = remove_simulated(db, "ann")
    assert (planned.parts, planned.pictures) == (done.parts, done.pictures) == (1, 0)
    assert done.words == 4
    assert plan(db, keep, START + timedelta(days=9)).pictures == 0 and verify(db) == []
    assert {row.inspection.traveller.origin for row in page(db).rows} == set(Origin) - {Origin.SIMULATED}


def test_nothing_to_remove_leaves_no_entry(db: Database) -> None:
    add(db, [NewInspection(inspection(1))])
    assert remove_simulated(db, "ann") == SimulatedParts()
    assert entries(db) == () and len(page(db).rows) == 1


def test_many_go_in_batches_and_a_stop_is_taken_between_them(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BATCH", 4)
    add(db, [NewInspection(inspection(n, origin=Origin.SIMULATED)) for n in range(10)])
    asked = iter([False, True])
    assert remove_simulated(db, "ann", lambda: next(asked)).parts == 4
    assert remove_simulated(db, "ann").parts == 6
    assert [entry.detail.split(",")[0] for entry in entries(db)] == ["6 parts", "4 parts"]


def test_what_a_station_just_records_stays_until_its_picture_is_written(db: Database) -> None:
    part = inspection(1, origin=Origin.SIMULATED)
    image, heat = db.archive.promise(part.id, part.frame.captured_at, pixels(1), None)
    add(db, [NewInspection(part, image, heat, pending=True)])
    assert remove_simulated(db, "ann").parts == 0
    assert get(db, part.id) is not None


def test_a_picture_that_cannot_be_removed_keeps_its_part(
    db: Database, parts: dict[Origin, Inspection], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_archive: object, relative: str | None) -> int:
        raise StorageError(f"{relative} could not be removed.", "Allow it.")

    monkeypatch.setattr(rules, "unlink", refuse)
    done = remove_simulated(db, "ann")
    assert done.parts == 0 and done.failed[0][0] == parts[Origin.SIMULATED].id
    assert get(db, parts[Origin.SIMULATED].id) is not None and verify(db) == []


def test_the_command_tells_them_and_removes_only_when_asked(
    db: Database, parts: dict[Origin, Inspection], capsys: pytest.CaptureFixture[str]
) -> None:
    url = db.url
    assert main.main(["simulated", "--db", url]) == 0
    assert capsys.readouterr().out == "1 simulated parts, 1 pictures, 4 words on them.\n"
    assert main.main(["simulated", "--remove", "--db", url, "--operator", "bob"]) == 0
    assert "Removed 1 simulated parts, 1 pictures (" in capsys.readouterr().out
    assert entries(db)[0].who == "bob" and len(page(db).rows) == len(Origin) - 1
    assert main.main(["simulated", "--db", f"{url}-not-there"]) != 0
