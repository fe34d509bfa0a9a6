"""What a folder holds besides its pictures: told before the scan, listed after it, written into every file."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtGui import QFontMetrics

from engine.images.listing import Why
from engine.sources.files.picked import below
from gui.pages.scan.left_out import left_out_word, why_words
from gui.pages.scan.page import ScanPage
from gui.pages.scan.results.files import write
from gui.theme.theme import SMALL, font
from gui.widgets.elided import lines_of
from tests.gui.stored import Bench, press
from tests.unit.engine.images.drawn import Drawn, draw_folder

LONG = 30_000
THROUGH = 10
SOME = 2


@pytest.fixture
def page(bench: Bench) -> Iterator[ScanPage]:
    """In English as it is said, with its plurals."""
    bench.context.language.choose("en")
    made = ScanPage(bench.context)
    bench.show(made)
    bench.idle()
    yield made
    bench.context.language.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, a mask by its name, two kinds that are not read, a text, a pipe and a linked folder."""
    root = tmp_path / "parts"
    root.mkdir()
    for name, grey in (("p.jpg", 60), ("p.png", 250), ("p_label.png", 250)):
        cv2.imwrite(str(root / name), np.full((64, 80), grey, np.uint8))
    for name in ("x.heic", "y.PDF", "notes.txt"):
        (root / name).touch()
    os.mkfifo(root / "pipe.jpg")
    (root / "linked").symlink_to(tmp_path)
    return root


SAID = (
    "left out 6: 1 mask by name, 1 linked folder, 1 pipe, device or broken link, "
    "2 files of a kind that is not read (.heic, .pdf), 1 other file"
)


def _scan(bench: Bench, page: ScanPage, folder: Path) -> None:
    page.setup.set_folder(folder)
    press(page, "Space")
    bench.qtbot.waitUntil(lambda: page.running, timeout=LONG)
    bench.qtbot.waitUntil(lambda: not page.running, timeout=LONG)
    bench.idle()


def _listed(page: ScanPage) -> dict[str, str]:
    table = page.results.skipped
    return {table.index(row, 0).data(): table.index(row, 1).data() for row in range(table.rowCount())}


def test_the_folder_is_told_before_it_is_scanned(bench: Bench, page: ScanPage, folder: Path) -> None:
    said = page.setup.account
    page.setup.set_folder(folder)
    bench.qtbot.waitUntil(lambda: bool(said.text()), timeout=LONG)
    assert said.text().startswith(f"2 pictures; {SAID}.")
    assert "Rename a picture whose name ends in _label" in said.text()
    (folder / "more").mkdir()
    page.setup.recursive.setChecked(False)
    assert said.text() == ""
    bench.qtbot.waitUntil(lambda: "1 sub-folder," in said.text(), timeout=LONG)
    page.setup.set_folder(folder / "nowhere")
    bench.idle()
    assert said.text() == ""


def test_every_remedy_is_on_screen_before_the_scan(bench: Bench, page: ScanPage, folder: Path) -> None:
    (folder / "copying.jpg.part").touch()
    page.setup.set_folder(folder)
    account = page.setup.account
    bench.qtbot.waitUntil(lambda: bool(account.text()), timeout=LONG)
    rows = lines_of(account.text(), font(SMALL), account.width(), 99)
    assert len(rows) > SOME
    bench.qtbot.waitUntil(lambda: account.height() >= len(rows) * QFontMetrics(font(SMALL)).lineSpacing(), timeout=LONG)


def test_what_was_left_out_stands_behind_what_could_not_be_read(bench: Bench, page: ScanPage, folder: Path) -> None:
    (folder / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    _scan(bench, page, folder)
    assert page.results.rows.count == 3
    assert list(_listed(page)) == ["torn.png", "linked", "p_label.png", "pipe.jpg", "x.heic", "y.PDF", "notes.txt"]
    assert _listed(page)["p_label.png"] == "left out: a mask by its name"
    assert page.results.tabs.tabText(1) == "Skipped (7)"
    assert page.results.state.text() == f"All 3 pictures judged · {SAID}"


def test_what_was_left_out_is_shown_again_after_a_restart(bench: Bench, page: ScanPage, folder: Path) -> None:
    _scan(bench, page, folder)
    before = _listed(page)
    assert len(before) == 6
    page.close_page()
    again = ScanPage(bench.context)
    bench.show(again)
    bench.qtbot.waitUntil(lambda: again.results.rows.count == 2, timeout=LONG)
    bench.idle()
    assert _listed(again) == before
    assert SAID in again.results.state.text()


def test_every_file_that_is_written_has_it(bench: Bench, page: ScanPage, folder: Path, tmp_path: Path) -> None:
    _scan(bench, page, folder)
    result = page.showing.result()
    assert result is not None
    for kind in ("csv", "xlsx", "jsonl", "html"):
        write(kind, tmp_path / f"out.{kind}", result)  # type: ignore[arg-type]
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["verdict"]]
    assert {Path(row["path"]).name for row in rows} == set(_listed(page))
    assert all(row["reasons"].startswith("left out: ") for row in rows)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sum(line["verdict"] is None for line in lines) == 6
    assert {line["left_out"] for line in lines if line["verdict"] is None} <= set(Why)
    page_text = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert SAID in page_text
    with zipfile.ZipFile(tmp_path / "out.xlsx") as book:
        skipped, summary = (book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (2, 3))
    assert "p_label.png" in skipped
    assert "left out: a mask by its name" in summary


def _check(bench: Bench, page: ScanPage, drawn: Drawn) -> None:
    _scan(bench, page, drawn.root)
    names = {row.name for row in page.results.rows.rows}
    assert names == drawn.pictures
    assert set(_listed(page)) == {below(str(drawn.root / name), drawn.root) for name in drawn.left_out}
    assert page.results.rows.count + len(_listed(page)) == drawn.entries


def test_judged_and_left_out_are_the_whole_folder(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    for seed in range(SOME):
        _check(bench, page, draw_folder(tmp_path / str(seed), seed, readable=True))
        press(page, "Ctrl+N")


@pytest.mark.prove(shard="pictures")
def test_ten_drawn_folders_through_the_window(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    for seed in range(SOME, SOME + THROUGH):
        _check(bench, page, draw_folder(tmp_path / str(seed), seed, readable=True))
        press(page, "Ctrl+N")


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_words(why: Why) -> None:
    assert why_words(why, 2)
    assert left_out_word(why)
