"""Scan a real folder with a real (tiny) model through OpenVINO into a real database."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPersistentModelIndex, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from db.inspections import table
from db.inspections.table import NewInspection, counts
from db.models.registry import activate, register
from db.store.session import Database
from engine.domain.inspection import (
    FrameRef,
    Inspection,
    ModelRef,
    Outcome,
    RecipeRef,
    Scores,
    Times,
    Traveller,
    Verdict,
    utc_now,
)
from engine.system.places import demo_package
from gui.pages.scan.page import ScanPage
from gui.pages.scan.rows import LABEL, SCORE, VERDICT, ScanRow, ScanTable, Show, row_of
from gui.printing.pdf import write_pdf
from gui.theme.theme import Theme
from gui.widgets.calm_table import UNKNOWN_ROLE
from tests.frames import biscuit
from tests.gui.conftest import Open
from tests.gui.stored import Bench, press
from tests.unit.engine.odd_names import NAMES, write


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
    assert table.columns == ("ok", "scratch", "REVIEW", "NO VERDICT")
    assert table.counts == ((6, 1, 0, 0), (1, 5, 0, 1))
    text = page.results.figures.agreement.text().replace("\N{NO-BREAK SPACE}", " ")
    assert "11 of 13 = 84.6 %" in text
    # Wilson 1927 by hand, 1 of 6 and 1 of 7.
    assert "1 of 6 = 16.7 % (3.0 to 56.4 %)" in text
    assert "1 of 7 = 14.3 % (2.6 to 51.3 %)" in text


def test_unreadable_picture_is_told_with_its_reason(bench: Bench, page: ScanPage, folder: Path) -> None:
    scan(bench, page, folder)
    skipped = page.results.skipped
    assert skipped.rowCount() == 1
    assert skipped.index(0, 0).data() == "scratch/torn.png"
    assert "torn.png" in skipped.index(0, 1).data()
    assert page.results.tabs.tabText(1) == "Skipped (1)"


def test_no_review_band_leaves_no_review(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    root = tmp_path / "grey"
    root.mkdir()
    cv2.imwrite(str(root / "a.png"), np.full((64, 80), 125, np.uint8))
    scan(bench, page, root)
    assert page.results.rows.rows[0].inspection.verdict.outcome is Outcome.REVIEW
    press(page, "Ctrl+N")
    page.setup.no_review.setChecked(True)
    scan(bench, page, root)
    assert page.results.rows.rows[0].inspection.verdict.outcome is Outcome.OK


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
    assert "Stopped" in page.results.state.text()


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


def test_twenty_thousand_rows_are_sorted_and_filtered(qtbot: QtBot) -> None:
    at = utc_now()
    rows = ScanTable()

    def made(number: int) -> ScanRow:
        score = (number * 7919 % 20_000) / 20_000
        outcome = Outcome.NG if score > 0.5 else Outcome.OK
        frame = FrameRef("folder:x", number, at, f"x/ok/{number}.png")
        verdict = Verdict(outcome, "scratch" if score > 0.5 else "ok", score, ())
        refs = (ModelRef("m", "1"), RecipeRef("r", 1, "d"), Traveller(), Times(at))
        return row_of(Inspection(str(number), frame, Scores((), ()), (), verdict, *refs), Path("x"))

    for start in range(0, 15_000, 500):
        rows.append([made(i) for i in range(start, start + 500)])
    rows.sort(SCORE, Qt.SortOrder.DescendingOrder)
    best = rows.row(0)
    assert best is not None
    marked = QPersistentModelIndex(rows.index(0, SCORE))
    for start in range(15_000, 20_000, 500):
        rows.append([made(i) for i in range(start, start + 500)])
    rows.merge()
    first = rows.row(0)
    assert first is not None
    assert first.inspection.verdict.score == pytest.approx(19_999 / 20_000)
    assert rows.row(marked.row()) is best
    rows.show_only(Show.DIFFERENT)
    assert rows.rowCount() == 9999
    shown = [row for place in range(9999) if (row := rows.row(place)) is not None]
    assert [row.inspection.verdict.score for row in shown] == sorted(
        (row.inspection.verdict.score for row in shown), reverse=True
    )
    assert (shown[0].truth, shown[0].name.split("/")[0]) == ("ok", "ok")


def test_folder_dropped_on_the_window_goes_to_scan_and_nothing_starts(opened: Open, folder: Path) -> None:
    window = opened().window
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder / "ok" / "0.png"))])
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    assert window.page == "live"
    over = QDragEnterEvent(QPointF(5, 5).toPoint(), Qt.DropAction.CopyAction, mime, button, none)
    QApplication.sendEvent(window, over)
    assert over.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, button, none))
    found = window.findChildren(ScanPage)[0]
    assert window.page == "scan"
    assert found.setup.folder.text() == str(folder / "ok")
    assert not found.held()


def test_pictures_of_the_folder_alone_when_sub_folders_are_left_out(bench: Bench, page: ScanPage, folder: Path) -> None:
    cv2.imwrite(str(folder / "top.png"), np.full((64, 80), 60, np.uint8))
    page.setup.recursive.setChecked(False)
    scan(bench, page, folder)
    assert [row.name for row in page.results.rows.rows] == ["top.png"]
    assert bench.context.memory("scan")["recursive"] is False
    press(page, "Ctrl+N")
    scan(bench, page, folder.parent)
    assert "in its sub-folders only" in bench.said()


def test_stored_recipe_judges_and_is_chosen_again(bench: Bench, folder: Path) -> None:
    recipes = bench.context.folder / "recipes"
    recipes.mkdir(parents=True)
    text = 'schema = 1\nname = "mild"\n[limits]\nng_at = 0.99\nreview = [0.99, 0.99]\n'
    (recipes / "mild.toml").write_text(text, encoding="utf-8")
    page = ScanPage(bench.context)
    bench.show(page)
    bench.idle()
    page.setup.recipe.setCurrentIndex(page.setup.recipe.findText("mild 1"))
    scan(bench, page, folder)
    assert counts(bench.db).ng == 0
    assert page.results.rows.rows[0].inspection.recipe.name == "mild"
    again = ScanPage(bench.context)
    bench.show(again)
    bench.idle()
    assert again.setup.recipe.currentText() == "mild 1"


def test_paper_is_black_on_white_in_the_dark_theme(qtbot: QtBot, tmp_path: Path) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = application.palette()
    application.setPalette(Theme("dark").palette())
    write_pdf("<p>seen on paper</p>", tmp_path / "out.pdf", "t")
    application.setPalette(before)
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", (tmp_path / "out.pdf").read_bytes(), re.S)
    drawn = b" ".join(zlib.decompress(s) for s in streams if s[:1] == b"\x78")
    fills = {tuple(map(float, found.split()[:3])) for found in re.findall(rb"[\d.]+ [\d.]+ [\d.]+ scn", drawn)}
    assert fills
    assert max(max(fill) for fill in fills) < 0.5


def test_odd_names_are_listed_stored_and_shown(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    picture = cv2.imencode(".png", np.full((64, 80), 60, np.uint8))[1].tobytes()
    for name in NAMES:
        write(tmp_path, b"p\xe4rts/" + name, picture)
    scan(bench, page, tmp_path / "p\udce4rts")
    assert {row.name for row in page.results.rows.rows} == set(NAMES.values())
    assert counts(bench.db).ok == len(NAMES)
    press(page, "Right")
    bench.qtbot.waitUntil(lambda: page.results.part.view.pixels is not None, timeout=5000)


def test_a_scan_that_a_bug_stops_ends_and_tells(
    bench: Bench, page: ScanPage, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_db: Database, new: Sequence[NewInspection], _marks: object) -> None:
        if new:
            raise UnicodeEncodeError("utf-8", "\udcf6", 0, 1, "surrogates not allowed")

    monkeypatch.setattr(table, "add", refuse)
    scan(bench, page, folder)
    assert not page.running
    assert "internal error (UnicodeEncodeError" in bench.said()
    assert "what waited could not be kept" in caplog.text


@pytest.mark.slow
def test_another_product_is_told_in_the_first_line(bench: Bench, tmp_path: Path) -> None:
    activate(bench.db, register(bench.db, demo_package("demo-segdec"), "anna").version, "anna")
    page = ScanPage(bench.context)
    bench.show(page)
    bench.idle()
    root = tmp_path / "biscuits"
    root.mkdir()
    for seed in range(3):
        cv2.imwrite(str(root / f"{seed}.png"), biscuit(seed))
    scan(bench, page, root)
    assert page.results.state.text().startswith("3 of 3 are unknown to this model · ")
    shown = {page.results.rows.index(0, column).data() for column in (VERDICT, LABEL, SCORE)}
    assert shown == {"REVIEW", "unknown", "–"}
    assert page.results.rows.index(0, VERDICT).data(UNKNOWN_ROLE) is True, "its mark is its own"
    page.results.step(1)
    bench.qtbot.waitUntil(lambda: bool(page.results._says.text()), timeout=60_000)
    assert page.results._says.text().startswith("REVIEW: unknown part: unlike everything"), "told once"
    assert page.results.part.view.pixels is not None and not page.results.part.view.overlaid
    assert page.results.table.textElideMode() is Qt.TextElideMode.ElideMiddle
    for kind in ("html", "csv", "pdf"):
        page.exports.save(kind, tmp_path / f"scan.{kind}")
        bench.qtbot.waitUntil(lambda: not page.exports.busy, timeout=60_000)
        bench.idle()
    html = (tmp_path / "scan.html").read_text(encoding="utf-8")
    assert html.index("3 of 3 are unknown to this model") < html.index("<table>") and "crease" not in html
    assert (tmp_path / "scan.csv").read_text(encoding="utf-8").count("unknown part: unlike everything") == 3
