"""A scan as it is composed: what judges, what the journal says of it, and when it may go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.inspections.table import Filter, page
from db.runs import scan
from db.runs.scan import ReadyScan, ScanOrder, ScanRun, order_of, ready_scan
from db.runs.stored_scan import ended, scans, stopped
from db.store.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Origin, Traveller
from engine.domain.recipe import SavingPolicy
from engine.errors import InputError, StorageError
from engine.packages.package import ModelPackage
from engine.station.scan_journal import NAME, Journal, Journalled, is_running, read_journal
from tests.db.commands.killed import many_parts
from tests.frames import ListSource, part
from tests.packages import write_tiny_package
from tests.unit.engine.odd_names import NAMES, write

PARTS = 200
"""More than any machine has in flight when a scan is stopped."""
ALL = sorted(f"{place}.png" for place in range(PARTS))


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_tiny_package(tmp_path / "tiny", review=0.2).folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return many_parts(tmp_path / "parts", PARTS)


def run(db: Database | None, ready: ReadyScan, stop_after: int = 0) -> list[events.StationEvent]:
    """To its end, or until so many are published."""
    heard: list[events.StationEvent] = []

    def publish(event: events.StationEvent) -> None:
        heard.append(event)
        if stop_after and sum(isinstance(e, events.Inspected) for e in heard) >= stop_after:
            made.station.request_stop()

    made = ScanRun(db, ready, publish)
    made.station.run()
    made.close()
    return heard


@pytest.fixture
def left(db: Database, folder: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journalled]:
    """A scan that was stopped after its first two pictures: recorded in groups of two."""
    monkeypatch.setattr(scan, "SCAN", replace(scan.SCAN, group=2))
    order = ScanOrder(folder, model=model, review_band=False, saving=SavingPolicy(True, 3), recursive=False)
    run(db, ready_scan(db, order), stop_after=1)
    found = stopped(db, folder)
    assert found is not None
    yield found


def names(db: Database) -> list[str]:
    return sorted(Path(row.inspection.frame.name).name for row in page(db, Filter()).rows)


def test_the_model_is_loaded_for_throughput_on_the_threads_ordered(
    db: Database, folder: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def load(package: ModelPackage, **how: Any) -> Model:
        asked.append(how)
        return load_model(package, **how)

    monkeypatch.setattr(scan, "load_model", load)
    ready_scan(db, ScanOrder(folder, model=model, threads=1)).model.close()
    assert asked == [{"threads": 1, "mode": "throughput"}]


def test_every_picture_is_kept_with_its_traveller_and_the_journal_ends(db: Database, folder: Path, model: str) -> None:
    ready = ready_scan(db, ScanOrder(folder, model=model, traveller=Traveller("L1", operator="ann")))
    assert not list(scans(db).glob("*"))
    run(db, ready)
    assert names(db) == ALL
    kept = Traveller("L1", operator="ann", product="tiny", origin=Origin.SCAN)
    assert {row.inspection.traveller for row in page(db, Filter()).rows} == {kept}
    through = ended(db)
    assert through is not None
    assert (through.total, len(through.entries), through.plan.named) == (PARTS, PARTS, ready.named)
    assert stopped(db) is None


def test_the_journal_tells_the_order_it_was_begun_with(left: Journalled, folder: Path, model: str) -> None:
    now = ScanOrder(Path("elsewhere"), threads=2, traveller=Traveller("L9"), anew=False, gallery=True)
    assert order_of(left, now) == ScanOrder(
        folder,
        recursive=False,
        model=model,
        review_band=False,
        saving=SavingPolicy(True, 3),
        threads=2,
        traveller=Traveller("L9"),
        anew=False,
        gallery=True,
        product="tiny",
    )


def test_a_stopped_scan_goes_on_where_it_was(db: Database, left: Journalled) -> None:
    before = names(db)
    assert 0 < len(before) < PARTS
    ready = ready_scan(db, order_of(left, ScanOrder()), left)
    assert sorted(Path(i.frame.name).name for i in ready.done) == before
    assert ready.anew == ""
    heard = run(db, ready)
    assert sum(isinstance(e, events.Inspected) for e in heard) == PARTS - len(before)
    assert names(db) == ALL
    through = ended(db)
    assert through is not None
    assert through.folder == left.folder


@pytest.mark.parametrize("differs", ["model", "recipe"])
def test_what_must_not_go_on_starts_anew_or_is_refused(
    db: Database, left: Journalled, tmp_path: Path, differs: str
) -> None:
    order = order_of(left, ScanOrder())
    if differs == "model":
        order = replace(order, model=str(write_tiny_package(tmp_path / "other", name="other").folder))
    else:
        order = replace(order, review_band=True)
    with pytest.raises(InputError, match=f"The {differs} is another one than before"):
        ready_scan(db, replace(order, anew=False), left)
    assert stopped(db) == left
    ready = ready_scan(db, order, left)
    assert f"The {differs} is another one" in ready.anew
    assert ready.done == ()
    run(db, ready)
    assert [path.name for path in scans(db).iterdir()] != [left.folder.name]
    assert ended(db) is not None


def test_without_a_database_or_a_folder_there_is_no_journal(db: Database, folder: Path, model: str) -> None:
    heard = run(None, ready_scan(None, ScanOrder(folder, model=model, gallery=True)))
    assert sum(isinstance(e, events.Inspected) for e in heard) == PARTS
    assert names(db) == []
    ready = ready_scan(db, ScanOrder(source=ListSource([part(), part(250)]), model=model))
    assert ready.journal is None
    run(db, ready)
    assert len(names(db)) == 2
    assert not list(scans(db).glob("*"))


def test_the_gallery_has_the_pictures_of_what_is_not_ok(db: Database, folder: Path, model: str) -> None:
    heard: list[int] = []
    made = ScanRun(db, ready_scan(db, ScanOrder(folder, model=model, gallery=True)), lambda _e: heard.append(1))
    made.station.run()
    made.close()
    assert made.total == PARTS
    assert made.gallery is not None
    assert [bool(entry.picture) for entry in made.gallery.entries] == [place % 10 == 0 for place in range(PARTS)]


def test_a_scan_with_odd_names_is_kept_and_goes_on(
    db: Database, folder: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's own name is odd too: the journal and the database hold it, and what is done is found by it."""
    place = write(folder.parent, b"Sch\xf6den\x1b/" + next(iter(NAMES)), (folder / "0.png").read_bytes()).parent
    for name in NAMES:
        write(folder.parent, b"Sch\xf6den\x1b/" + name, (folder / "0.png").read_bytes())
    monkeypatch.setattr(scan, "SCAN", replace(scan.SCAN, group=2))
    order = ScanOrder(place, model=model)
    run(db, ready_scan(db, order), stop_after=1)
    found = stopped(db, place)
    assert found is not None
    assert found.plan.folder == str(folder.parent / r"Sch\xf6den\x1b")
    again = order_of(found, ScanOrder())
    assert again.folder == place
    ready = ready_scan(db, again, found)
    assert len(ready.done) == len(found.entries) > 0
    run(db, ready)
    assert names(db) == sorted(NAMES.values())
    assert ended(db) is not None


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Four pictures, one of them in a sub-folder."""
    folder = many_parts(tmp_path / "few", 4)
    (folder / "sub").mkdir()
    (folder / "3.png").rename(folder / "sub" / "3.png")
    return folder


def cut_off(db: Database, folder: Path, model: str, lines: int) -> Journalled:
    """A scan that was through, whose journal has lost so many lines at its end."""
    run(db, ready_scan(db, ScanOrder(folder, model=model)))
    through = ended(db)
    assert through is not None
    journal = through.folder / NAME
    written = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join(written[:-lines]), encoding="utf-8")
    return read_journal(through.folder)


def done(ready: ReadyScan) -> list[str]:
    return [Path(i.frame.name).name for i in ready.done]


def test_unless_it_is_ordered_otherwise_sub_folders_are_read_on_all_cores_with_the_review_band(
    db: Database, few: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def load(package: ModelPackage, *, threads: int, mode: str) -> Model:
        asked.append(threads)
        return load_model(package, threads=1)

    monkeypatch.setattr(scan, "load_model", load)
    ready = ready_scan(db, ScanOrder(few, model=model))
    made = ScanRun(db, ready, lambda _e: None)
    assert made.total is None
    made.station.run()
    made.close()
    assert asked == [0]
    assert (made.total, made.gallery) == (4, None)
    assert ready.recipe.limits.review_from < ready.recipe.limits.ng_at
    ready_scan(db, ScanOrder(few, model=model, review_band=False)).model.close()
    assert names(db) == ["0.png", "1.png", "2.png", "3.png"]


def test_a_scan_that_is_running_is_not_gone_on_with(db: Database, few: Path, model: str) -> None:
    left = cut_off(db, few, model, 1)
    running = Journal(left.folder, left.plan)
    running.claim()
    with pytest.raises(InputError, match="still running"):
        ready_scan(db, order_of(left, ScanOrder()), left)
    running.close()
    ready = ready_scan(db, order_of(left, ScanOrder()), left)
    assert is_running(left.folder)
    run(db, ready)
    assert not is_running(left.folder)


def test_what_was_stored_and_is_not_in_the_journal_is_done_and_written_down(
    db: Database, few: Path, model: str
) -> None:
    left = cut_off(db, few, model, 3)
    assert len(left.entries) == 2
    ready = ready_scan(db, order_of(left, ScanOrder()), left)
    assert done(ready) == ["0.png", "1.png", "2.png", "3.png"]
    assert len(read_journal(left.folder).entries) == 4
    assert sum(isinstance(e, events.Inspected) for e in run(db, ready)) == 0
    through = ended(db)
    assert through is not None
    assert through.total == 4


def test_a_picture_that_changed_is_judged_again_and_one_that_is_gone_is_no_part_any_more(
    db: Database, few: Path, model: str
) -> None:
    left = cut_off(db, few, model, 1)
    (few / "0.png").unlink()
    (few / "1.png").write_bytes((few / "2.png").read_bytes() + b"longer")
    ready = ready_scan(db, order_of(left, ScanOrder()), left)
    assert done(ready) == ["2.png", "3.png"]
    heard = run(db, ready)
    assert [Path(e.inspection.frame.name).name for e in heard if isinstance(e, events.Inspected)] == ["1.png"]


@pytest.mark.parametrize(("broken", "says"), [("archive", "archive"), ("scans", "journal of the scan")])
def test_a_disk_that_fails_beside_the_verdicts_is_told_and_the_scan_goes_on(
    db: Database, few: Path, model: str, broken: str, says: str
) -> None:
    (db.folder / broken).write_text("a file where a folder should be", encoding="utf-8")
    heard = run(db, ready_scan(db, ScanOrder(few, model=model)))
    (warned,) = [e for e in heard if isinstance(e, events.Warned)]
    assert says in warned.message
    assert warned.remedy
    assert len(names(db)) == 4


def test_what_a_failed_commit_left_waiting_is_kept_in_the_end(
    db: Database, few: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("The disk is full.", "Free some space.")

    heard: list[events.StationEvent] = []
    # No picture is archived: nothing else commits.
    made = ScanRun(db, ready_scan(db, ScanOrder(few, model=model, saving=SavingPolicy(False, 0))), heard.append)
    with monkeypatch.context() as patched:
        patched.setattr("db.recording.recorder.inspections.add", full)
        made.station.run()
    assert heard[-1] == events.Failed("The disk is full.", "Free some space.", 4)
    assert names(db) == []
    made.close()
    # As many as were judged when the group was due: on a slow machine that may be before the last.
    kept = names(db)
    assert kept and kept == ["0.png", "1.png", "2.png", "3.png"][: len(kept)]
