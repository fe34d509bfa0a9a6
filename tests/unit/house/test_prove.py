"""`make prove` goes on where it stopped: what passed on the same files is not run again, what failed is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.prove import __main__ as prove
from tests.prove.outcome import BEGIN, END, Memory, Outcome, read_report, record, state_of, table
from tests.prove.shards import SHARDS

PASSED, FAILED = Outcome("kills", 61.0, 3, 0, 1), Outcome("soaks", 5.0, 2, 1, 0)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of one commit."""
    root = tmp_path / "checkout"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "results.md").write_text(f"# Results\n{BEGIN}\nold\n{END}\nrest\n", encoding="utf-8")
    (root / ".gitignore").write_text("/out/\n", encoding="utf-8")
    (root / "code.py").write_text("ONE = 1\n", encoding="utf-8")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "One")):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


@pytest.fixture
def ran(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The shards that `make prove` runs there; soaks fails the first time."""
    names: list[str] = []

    def run(shard: object, smoke: bool) -> Outcome:
        name = str(getattr(shard, "name", ""))
        names.append(name)
        return Outcome(name, 1.0, 1, int(name == "soaks" and names.count("soaks") == 1), 0)

    monkeypatch.setattr(prove, "run", run)
    monkeypatch.setattr(prove, "ROOT", checkout)
    return names


def start(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["prove", *words])
    return prove.main()


def test_a_second_run_takes_only_what_failed(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [shard.name for shard in SHARDS]
    assert start(monkeypatch) == 1 and ran == everything
    assert start(monkeypatch) == 0 and ran == [*everything, "soaks"]
    assert start(monkeypatch) == 0 and ran == [*everything, "soaks"]
    assert start(monkeypatch, "--shard", "bundle") == 0 and ran[-1] == "bundle"


def test_a_changed_file_makes_every_shard_unfinished(
    ran: list[str], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(monkeypatch)
    (checkout / "new.py").write_text("TWO = 2\n", encoding="utf-8")
    start(monkeypatch)
    assert len(ran) == 2 * len(SHARDS)


def test_a_smoke_is_never_taken_for_the_whole_shard(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch, "--smoke")
    start(monkeypatch)
    assert len(ran) == 2 * len(SHARDS)


def test_results_are_written_only_when_asked_and_make_nothing_unfinished(
    ran: list[str], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = checkout / "docs" / "results.md"
    before = page.read_text(encoding="utf-8")
    start(monkeypatch)
    assert page.read_text(encoding="utf-8") == before
    assert start(monkeypatch, "--record") == 0
    assert len(ran) == len(SHARDS) + 1
    after = page.read_text(encoding="utf-8")
    assert after.startswith("# Results\n") and after.endswith(f"{END}\nrest\n") and "old" not in after
    assert all(f"| {shard.name} | {shard.proves} | 1 passed" in after for shard in SHARDS)
    start(monkeypatch)
    assert len(ran) == len(SHARDS) + 1


def test_a_report_counts_what_ran_and_a_missing_one_is_a_failure(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert not read_report("kills", report, 1.0).whole
    report.write_text('<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/></testsuites>')
    assert read_report("kills", report, 1.0) == Outcome("kills", 1.0, 2, 2, 1)
    report.write_text('<testsuites><testsuite tests="2" failures="0" errors="0" skipped="2"/></testsuites>')
    assert not read_report("kills", report, 1.0).whole, "nothing ran"


def test_what_did_not_run_is_said(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "abc")
    memory.keep(PASSED)
    memory.keep(FAILED)
    text = table(SHARDS, memory, "2 cores")
    assert "3 passed, 0 failed, 1 skipped, 1.0 min" in text and "2 passed, 1 failed" in text and "not run" in text
    assert Memory(tmp_path, "").recall("kills") is None


def test_a_page_without_its_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text("# Results\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="needs the lines"):
        record(page, "text")


def test_without_a_checkout_nothing_is_remembered(tmp_path: Path) -> None:
    assert state_of(tmp_path) == ""
