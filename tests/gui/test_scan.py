"""Scan a real folder with a real (tiny) model through OpenVINO into a real database."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from db.inspections import counts
from engine.domain import FrameRef, Inspection, ModelRef, Outcome, RecipeRef, Scores, Times, Traveller, Verdict, utc_now
from gui.pages.scan import ScanPage
from gui.tables.scan_rows import SCORE, ScanTable, Show
from tests.gui.stored import Bench, press


@pytest.fixture
def page(bench: Bench) -> ScanPage:
    made = ScanPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """ok: 6 dark pictures and a bright one; scratch: 5 bright, a dark one and one that is no picture."""
    root = tmp_path / "parts"
    for label, greys in (("ok", [60] * 6 + [250]), ("scratch", [250] * 5 + [60])):
        (root / label).mkdir(parents=True)
        for number, grey in enumerate(greys):
            cv2.imwrite(str(root / label / f"{number}.png"), np.full((64, 80), grey, np.uint8))
    (root / "scratch" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    return root


def scan(bench: Bench, page: ScanPage, folder: Path) -> None:
    """Start and wait for the figures."""
    page.setup.set_folder(folder)
    press(page, "Space")
    bench.qtbot.waitUntil(lambda: page.running, timeout=20_000)
    bench.qtbot.waitUntil(lambda: not page.running, timeout=20_000)
    bench.idle()


def test_every_picture_gets_a_row_and_is_recorded(bench: Bench, page: ScanPage, folder: Path) -> None:
    scan(bench, page, folder)
    assert page.results.rows.rowCount() == 14
    stored = counts(bench.db)
    assert (stored.ok, stored.ng, stored.no_verdict) == (7, 6, 1)


def test_folder_names_are_compared_with_the_verdicts(bench: Bench, page: ScanPage, folder: Path) -> None:
    scan(bench, page, folder)
    table = page.results.figures.grid.table
    assert table is not None
    assert table.rows == ("ok", "scratch")
    assert table.counts == ((6, 1), (1, 5))
    text = page.results.figures.agreement.text()
    assert "11 of 13" in text
    assert "1 escape " in text
    assert "1 overkill" in text


def test_unreadable_picture_is_told_with_its_reason(bench: Bench, page: ScanPage, folder: Path) -> None:
    scan(bench, page, folder)
    assert "torn.png" in page.results.figures.skipped.toPlainText()


def test_csv_holds_every_picture(bench: Bench, page: ScanPage, folder: Path, tmp_path: Path) -> None:
    scan(bench, page, folder)
    page.save_csv(tmp_path / "out.csv")
    bench.idle()
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 14
    assert {line["verdict"] for line in lines} == {"OK", "NG", "NO VERDICT"}
    assert lines[0]["score scratch"]


def test_no_review_band_leaves_no_review(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    root = tmp_path / "grey"
    root.mkdir()
    cv2.imwrite(str(root / "a.png"), np.full((64, 80), 125, np.uint8))
    scan(bench, page, root)
    assert page.results.rows.inspections[0].verdict.outcome is Outcome.REVIEW
    press(page, "Ctrl+N")
    page.setup.no_review.setChecked(True)
    scan(bench, page, root)
    assert page.results.rows.inspections[0].verdict.outcome is Outcome.OK


def test_click_shows_the_picture(bench: Bench, page: ScanPage, folder: Path) -> None:
    scan(bench, page, folder)
    press(page, "Right")
    bench.qtbot.waitUntil(lambda: page.results.part.view.pixels is not None, timeout=5000)
    assert page.results.part.view.pixels is not None
    assert page.results.part.view.pixels.shape == (64, 80)


def test_cancel_keeps_what_was_inspected(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(3000):
        cv2.imwrite(str(root / f"{number}.png"), np.full((8, 10), 60, np.uint8))
    page.setup.set_folder(root)
    press(page, "Space")
    bench.qtbot.waitUntil(lambda: page.results.rows.rowCount() > 0, timeout=20_000)
    press(page, "Space")
    assert "paused" in page.results.state.text() or page.running
    press(page, "C")
    bench.qtbot.waitUntil(lambda: not page.running, timeout=20_000)
    bench.idle()
    assert 0 < page.results.rows.rowCount() < 3000
    assert counts(bench.db).total == page.results.rows.rowCount()
    assert "Cancelled" in page.results.state.text()


def test_empty_folder_is_told_and_the_set_up_stays(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    scan(bench, page, tmp_path / "empty")
    assert "holds no pictures" in bench.said()
    assert page.setup.isVisible()


def test_dropped_folder_is_taken(bench: Bench, page: ScanPage, folder: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, button, none))
    assert page.setup.folder.text() == str(folder)


def test_thirteen_thousand_rows_are_sorted_and_filtered(qtbot: QtBot) -> None:
    at = utc_now()
    rows = ScanTable(lambda i: i.frame.name, lambda _: "ok")

    def made(number: int) -> Inspection:
        score = (number * 7919 % 13_000) / 13_000
        outcome = Outcome.NG if score > 0.5 else Outcome.OK
        frame = FrameRef("folder:x", number, at, f"{number}.png")
        verdict = Verdict(outcome, "scratch" if score > 0.5 else "ok", score, ())
        refs = (ModelRef("m", "1"), RecipeRef("r", 1, "d"), Traveller(), Times(at))
        return Inspection(str(number), frame, Scores((), ()), (), verdict, *refs)

    for start in range(0, 13_000, 500):
        rows.append([made(i) for i in range(start, start + 500)])
    rows.sort(SCORE, Qt.SortOrder.DescendingOrder)
    first = rows.inspection(0)
    assert first is not None
    assert first.verdict.score == pytest.approx(12_999 / 13_000)
    rows.show_only(Show.DIFFERENT)
    assert rows.rowCount() == 6499
