"""`lineside scan --resume`: a scan killed midway goes on without doubles, or says in one sentence why not."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from db.inspections.table import Filter, count, page
from db.runs.stored_scan import ended, scans, stopped
from db.store.session import open_database
from engine.station.scan_journal import NAME, Journal, ScanPlan, new_journal
from main import main
from tests.db.commands.killed import killed_scan, many_parts
from tests.packages import write_tiny_package
from tests.unit.engine.images.test_pages import stack

PICTURES = 1500


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'scan.db'}"


@pytest.fixture
def package(tmp_path: Path) -> str:
    return str(write_tiny_package(tmp_path / "tiny", review=0.2).folder)


@pytest.fixture
def cut_off(tmp_path: Path, database: str, package: str) -> Path:
    """The folder of a scan whose journal has lost its end, as if the program had died before it."""
    folder = many_parts(tmp_path / "parts", 20)
    assert main(["scan", str(folder), "--db", database, "--model", package]) == 0
    (journal,) = tmp_path.glob(f"scans/scan.db/*/{NAME}")
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    assert "ended" in lines.pop()
    journal.write_text("".join(lines), encoding="utf-8")
    return folder


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said of a scan that cannot go on; nothing was judged."""
    capsys.readouterr()
    assert main(["scan", *words, "--resume"]) in (2, 3)
    said = capsys.readouterr().err
    assert said.startswith("lineside: ")
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_scan_goes_on_without_doubles_and_its_lines_are_whole(
    tmp_path: Path, database: str, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, lines = many_parts(tmp_path / "parts", PICTURES), tmp_path / "lines.jsonl"
    words = [str(folder), "--db", database, "--model", package, "--save", "none"]
    killed_scan(words, lines)
    db = open_database(tmp_path / "scan.db")
    before = count(db)
    assert 0 < before < PICTURES
    assert stopped(db, folder) is not None

    # Model, recipe and saving are the journal's where nobody names them.
    report = tmp_path / "report"
    again = ["scan", str(folder), "--db", database, "--resume", "--jsonl", str(lines), "--report", str(report)]
    assert main(again) == 0
    said = capsys.readouterr().out
    assert f"Went on after {before} pictures judged before." in said
    assert f"Inspected {PICTURES}:" in said
    stored = Counter(row.inspection.frame.name for row in page(db, Filter(), limit=10_000).rows)
    assert len(stored) == PICTURES
    assert set(stored.values()) == {1}
    read = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert Counter(line["path"] for line in read) == stored
    assert sorted(line["sequence"] for line in read) == list(range(PICTURES))
    assert (report / "inspections.csv").read_text(encoding="utf-8").count("\n") == PICTURES + 1
    assert stopped(db) is None
    assert ended(db) is not None
    assert "stopped before its end" in refused(capsys, str(folder), "--db", database)
    assert count(db) == PICTURES
    db.close()


def test_nothing_to_go_on_with_is_said_and_nothing_is_judged(
    cut_off: Path, tmp_path: Path, database: str, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = many_parts(tmp_path / "other", 2)
    assert "No scan of" in refused(capsys, str(other), "--db", database, "--model", package)
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere' / 'scan.db'}"
    assert "There is no database at" in refused(capsys, str(cut_off), "--db", elsewhere)
    assert not (tmp_path / "elsewhere").exists()
    assert "--resume needs the database" in refused(capsys, str(cut_off))
    assert "Only the scan of a folder goes on" in refused(capsys, "demo:?count=3", "--db", database)


def test_databases_in_one_folder_know_only_their_own_scans(
    cut_off: Path, tmp_path: Path, database: str, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    open_database(tmp_path / "other.db").close()
    assert "No scan of" in refused(capsys, str(cut_off), "--db", other, "--model", package)
    assert main(["scan", str(cut_off), "--db", other, "--model", package]) == 0
    capsys.readouterr()
    assert main(["scan", str(cut_off), "--db", database, "--resume"]) == 0
    assert "Went on after" in capsys.readouterr().out


def test_another_model_or_recipe_is_refused_and_the_journal_stays(
    cut_off: Path, tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(write_tiny_package(tmp_path / "second", name="second").folder)
    strict = tmp_path / "strict.toml"
    strict.write_text('schema = 1\nname = "strict"\n[limits]\nng_at = 0.2\n', encoding="utf-8")
    words = (str(cut_off), "--db", database)
    assert "The model is another one than before" in refused(capsys, *words, "--model", other)
    for differs in (["--recipe", str(strict)], ["--no-review"], ["--save", "all"]):
        said = refused(capsys, *words, *differs)
        assert "The recipe is another one than before" in said
        assert "or start the scan anew" in said
    db = open_database(tmp_path / "scan.db")
    assert count(db) == 20
    assert len(list(scans(db).iterdir())) == 1
    db.close()
    assert main(["scan", *words, "--resume"]) == 0


def test_a_scan_goes_on_from_another_place_than_where_it_was_begun(
    tmp_path: Path, database: str, package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    many_parts(tmp_path / "parts", 5)
    monkeypatch.chdir(tmp_path)
    assert main(["scan", "parts", "--db", database, "--model", "tiny"]) == 0
    (journal,) = tmp_path.glob(f"scans/scan.db/*/{NAME}")
    kept = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join(kept[:-1]), encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["scan", "../parts", "--db", database, "--resume"]) == 0
    assert "Went on after 5 pictures" in capsys.readouterr().out


def test_a_scan_without_a_database_leaves_no_journal(tmp_path: Path, package: str, lineside_home: Path) -> None:
    folder = many_parts(tmp_path / "parts", 3)
    assert main(["scan", str(folder), "--model", package]) == 0
    assert not list(tmp_path.rglob(NAME))


def test_a_scan_that_another_program_is_at_is_not_judged_twice(
    database: str, cut_off: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = open_database(database)
    found = stopped(db)
    assert found is not None
    other = Journal(found.folder, found.plan)
    other.claim()
    assert "still running" in refused(capsys, str(cut_off), "--db", database)
    assert count(db, Filter()) == 20
    other.close()
    assert main(["scan", str(cut_off), "--db", database, "--resume"]) == 0
    assert max(Counter(row.inspection.frame.name for row in page(db, Filter()).rows).values()) == 1
    db.close()


def test_a_scan_that_begins_leaves_the_journal_of_one_that_runs(database: str, cut_off: Path) -> None:
    db = open_database(database)
    found = stopped(db)
    assert found is not None
    running = Journal(found.folder, found.plan)
    running.claim()
    plan = ScanPlan(str(cut_off), True, "", "", True, "", "")
    new_journal(scans(db), plan)
    assert found.folder.exists()
    running.close()
    new_journal(scans(db), plan)
    assert not found.folder.exists()
    db.close()


def test_pages_are_parts_and_go_on_one_by_one(
    tmp_path: Path, database: str, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, lines, recipe = tmp_path / "stacks", tmp_path / "lines.jsonl", tmp_path / "each.toml"
    folder.mkdir()
    stack(folder / "a.tif", (20, 250, 20))
    stack(folder / "b.tif", (250, 20))
    recipe.write_text('schema = 1\nname = "each"\npages = "each"\n', encoding="utf-8")
    words = ["scan", str(folder), "--db", database, "--model", package, "--jsonl", str(lines)]
    assert main(words) == 3
    assert "holds 3 pictures" in capsys.readouterr().err
    assert main([*words, "--recipe", str(recipe)]) == 0
    assert "Inspected 5:  OK 3  NG 2" in capsys.readouterr().out
    names = [f"{folder / name}" for name in ("a.tif", "a.tif#2", "a.tif#3", "b.tif", "b.tif#2")]
    (journal,) = tmp_path.glob(f"scans/scan.db/*/{NAME}")
    kept = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    assert "ended" in kept.pop()
    # Its third part was committed and not journalled; the other file was made anew meanwhile.
    journal.write_text("".join(kept[:3]), encoding="utf-8")
    stack(folder / "b.tif", (20, 20, 250))
    assert main(["scan", str(folder), "--db", database, "--resume", "--jsonl", str(lines)]) == 0
    assert "Went on after 3 pictures" in capsys.readouterr().out
    read = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [line["path"] for line in read] == [*names, f"{folder / 'b.tif'}#3"]
    assert [line["verdict"] for line in read] == ["OK", "NG", "OK", "OK", "OK", "NG"]
