"""A scan that was cut off goes on: nothing is judged twice, nothing is left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from db.inspections.table import Filter, count, page
from engine.recipes.digest import former_digest
from engine.station.scan_journal import NAME, journals
from gui.i18n.language import number
from gui.pages.scan.page import ScanPage
from tests.db.commands.killed import killed_scan, many_parts
from tests.gui.stored import Bench, press

PICTURES = 200

# A window's scan without a window, killed right after its second commit: before the journal hears of it.
KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from db.recording.recorder import Recorder
    from db.runs import scan
    from db.store.session import open_database

    class Dies(Recorder):
        commits = 0
        def __init__(self, db, *, group, tell):
            super().__init__(db, group=50, tell=tell)
        def flush(self):
            super().flush()
            self.commits += 1
            if self.commits == 2:
                os.kill(os.getpid(), signal.SIGKILL)

    scan.Recorder = Dies
    db = open_database(Path(sys.argv[1]) / "lineside.db")
    ready = scan.ready_scan(db, scan.ScanOrder(Path(sys.argv[2]), threads=1))
    scan.ScanRun(db, ready, print).station.run()
    """
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "parts"
    root.mkdir()
    for place in range(PICTURES):
        cv2.imwrite(str(root / f"{place}.png"), np.full((8, 10), 250 if place % 10 == 0 else 60, np.uint8))
    return root


@pytest.fixture
def scan_page(bench: Bench, tmp_path: Path) -> ScanPage:
    bench.context.folder = tmp_path / "station"
    made = ScanPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


def again(bench: Bench) -> ScanPage:
    """The page of the next start."""
    bench.idle()
    made = ScanPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


FORMERLY = """
import engine.recipes.file
from engine.recipes.digest import former_digest
engine.recipes.file.digest_of = former_digest
"""
"""In front of KILLED: a program of the days when a recipe's digest was its repr's."""


def killed(bench: Bench, folder: Path, before: str = "") -> None:
    words = [sys.executable, "-c", before + KILLED, str(bench.context.folder), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def judged(bench: Bench) -> Counter[str]:
    rows = page(bench.db, Filter(), limit=10_000).rows
    return Counter(Path(row.inspection.frame.name).name for row in rows)


def finish(bench: Bench, page: ScanPage) -> None:
    bench.qtbot.waitUntil(lambda: page.running, timeout=30_000)
    bench.qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    bench.idle()


@pytest.mark.prove(shard="kills")
@pytest.mark.smoke
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_scan_killed_between_commit_and_journal_goes_on_without_doubles(
    bench: Bench, scan_page: ScanPage, folder: Path
) -> None:
    killed(bench, folder)
    before = count(bench.db)
    assert 0 < before < PICTURES
    known = journals(bench.context.folder / "scans")[0]
    assert len(known.entries) < before
    # Changed after it was judged, and one more than there were.
    first = known.entries["0.png"].path
    os.utime(folder / first, (time.time() + 5, time.time() + 5))
    cv2.imwrite(str(folder / "new.png"), np.full((8, 10), 250, np.uint8))

    after = again(bench)
    offer = after.setup.stopped
    assert offer.isVisible()
    assert f"stopped at {len(known.entries)} of {PICTURES}" in offer.words.text()
    press(after, "G")
    finish(bench, after)
    names = judged(bench)
    assert len(names) == PICTURES + 1
    assert {name for name, times in names.items() if times > 1} == {first}
    assert names[first] == 2
    assert after.results.rows.count == PICTURES + 1
    assert f"All {PICTURES + 1} pictures judged" in after.results.state.text()
    assert after.results.counts._counts.total() == PICTURES + 1
    assert journals(bench.context.folder / "scans")[0].ended
    assert len({row.inspection.frame.sequence for row in after.results.rows.rows}) == PICTURES + 1

    # What came to its end is on screen again after the next start.
    third = again(bench)
    bench.qtbot.waitUntil(lambda: third.results.rows.count == PICTURES + 1, timeout=20_000)
    assert not third.setup.stopped.isVisible()
    assert third.results.isVisible()


@pytest.mark.prove(shard="kills")
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_scan_begun_before_digests_changed_goes_on_and_is_shown_afterwards(
    bench: Bench, scan_page: ScanPage, folder: Path
) -> None:
    killed(bench, folder, FORMERLY)
    found = journals(bench.context.folder / "scans")[0]
    recipe = bench.context.recipe
    assert recipe is not None
    assert found.plan.digest == former_digest(recipe) != recipe.digest
    assert 0 < len(found.entries) < count(bench.db) < PICTURES
    after = again(bench)
    press(after, "G")
    finish(bench, after)
    assert "starts anew" not in bench.said()
    assert set(judged(bench).values()) == {1}
    assert after.results.rows.count == count(bench.db) == PICTURES
    digests = {row.inspection.recipe.digest for row in page(bench.db, Filter(), limit=10_000).rows}
    assert digests == {recipe.digest, found.plan.digest}
    third = again(bench)
    bench.qtbot.waitUntil(lambda: third.results.rows.count == PICTURES, timeout=20_000)


@pytest.mark.prove(shard="kills")
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_another_recipe_is_said_and_the_scan_starts_anew(bench: Bench, scan_page: ScanPage, folder: Path) -> None:
    recipe = folder.parent / "strict.toml"
    recipe.write_text('schema = 1\nname = "strict"\n[limits]\nng_at = 0.3\nreview = [0.3, 0.3]\n', encoding="utf-8")
    killed(bench, folder)
    found = journals(bench.context.folder / "scans")[0]
    path = found.folder / NAME
    path.write_text(path.read_text(encoding="utf-8").replace(found.plan.digest, "another"), encoding="utf-8")
    after = again(bench)
    press(after, "G")
    finish(bench, after)
    assert "The recipe is another one than before" in bench.said()
    assert "starts anew" in bench.said()
    assert after.results.rows.count == PICTURES
    assert [one.ended for one in journals(bench.context.folder / "scans")] == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_scan_killed_on_the_command_line_goes_on_in_the_window(bench: Bench, tmp_path: Path) -> None:
    bench.context.folder = tmp_path / "station"
    root, total = many_parts(tmp_path / "many", 1500), 1500
    words = [str(root), "--db", str(tmp_path / "station" / "lineside.db"), "--no-review", "--save", "none"]
    killed_scan(words, tmp_path / "lines.jsonl")
    before = count(bench.db)
    assert 0 < before < total
    page = again(bench)
    assert page.setup.stopped.isVisible()
    press(page, "G")
    finish(bench, page)
    assert "starts anew" not in bench.said()
    assert set(judged(bench).values()) == {1}
    assert count(bench.db) == page.results.rows.count == total
    assert not list(bench.archive.folder.rglob("*.png"))


def test_cancelled_scan_is_offered_shown_and_forgotten(bench: Bench, scan_page: ScanPage, tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for place in range(3000):
        cv2.imwrite(str(root / f"{place}.png"), np.full((8, 10), 60, np.uint8))
    scan_page.setup.set_folder(root)
    press(scan_page, "Space")
    bench.qtbot.waitUntil(lambda: scan_page.results.rows.count > 0, timeout=30_000)
    press(scan_page, "C")
    bench.qtbot.waitUntil(lambda: not scan_page.running, timeout=30_000)
    bench.idle()
    stopped_at = scan_page.results.rows.count
    assert scan_page.results.go_button.isVisible()
    after = again(bench)
    assert after.setup.folder.text() == str(root)
    press(after, "V")
    bench.qtbot.waitUntil(lambda: after.results.rows.count == stopped_at, timeout=20_000)
    assert f"Stopped after {number(stopped_at)} of {number(3000)}" in after.results.state.text()
    press(after, "Ctrl+N")
    bench.idle()
    after.setup.stopped.forget()
    bench.idle()
    assert journals(bench.context.folder / "scans") == []
    assert count(bench.db) == stopped_at


def test_torn_or_foreign_journal_is_no_obstacle(bench: Bench, scan_page: ScanPage) -> None:
    for name, text in (("a", "{torn"), ("b", '{"schema": 1, "folder": 3}\n'), ("c", "[]\n")):
        place = bench.context.folder / "scans" / name
        place.mkdir(parents=True)
        (place / NAME).write_text(text, encoding="utf-8")
    scan_page.activated()
    bench.idle()
    assert not scan_page.setup.stopped.isVisible()
    assert bench.said() == ""
