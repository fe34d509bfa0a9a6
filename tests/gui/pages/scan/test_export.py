"""What a scan exports is read back: the same verdicts as the command line's, no formulas, complete files only."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Outcome
from engine.errors import StorageError
from engine.reports.csv_tables import SEMICOLON
from engine.system.zone import zone_words
from gui.pages.scan.page import ScanPage
from gui.pages.scan.results import files
from gui.pages.scan.results.files import write
from main import main
from tests.gui.stored import Bench, press

NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def scanned(bench: Bench, tmp_path: Path) -> ScanPage:
    """13 pictures in ok and scratch, one torn, one whose name is a formula; all judged."""
    root = tmp_path / "parts"
    for label, greys in (("ok", [60] * 5 + [250]), ("scratch", [250] * 5 + [60, 128])):
        (root / label).mkdir(parents=True)
        for number, grey in enumerate(greys):
            cv2.imwrite(str(root / label / f"{number}.png"), np.full((64, 80), grey, np.uint8))
    (root / "scratch" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    (root / "=cmd()").mkdir()
    cv2.imwrite(str(root / "=cmd()" / "a.png"), np.full((64, 80), 60, np.uint8))
    bench.context.folder = tmp_path / "station"
    page = ScanPage(bench.context)
    bench.show(page)
    bench.idle()
    page.setup.set_folder(root)
    press(page, "Space")
    bench.qtbot.waitUntil(lambda: page.running, timeout=30_000)
    bench.qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    bench.idle()
    return page


def saved(bench: Bench, page: ScanPage, kind: str, path: Path) -> Path:
    page.exports.save(kind, path)  # type: ignore[arg-type]
    bench.qtbot.waitUntil(lambda: not page.exports.busy, timeout=60_000)
    bench.idle()
    return path


def cells(book: zipfile.ZipFile, number: int) -> list[list[str]]:
    """The cells of a sheet as texts."""
    root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    assert not list(root.iter(f"{NS}f"))
    return [
        ["".join(t.text or "" for t in (*cell.iter(f"{NS}t"), *cell.iter(f"{NS}v"))) for cell in row.iter(f"{NS}c")]
        for row in root.iter(f"{NS}row")
    ]


def test_json_lines_are_the_command_lines(bench: Bench, scanned: ScanPage, tmp_path: Path) -> None:
    ours = saved(bench, scanned, "jsonl", tmp_path / "window.jsonl").read_text(encoding="utf-8").splitlines()
    theirs = tmp_path / "line.jsonl"
    folder, package = scanned.setup.folder.text(), str(bench.model.folder)
    assert main(["scan", folder, "--model", package, "--jsonl", str(theirs)]) == 0
    lines = theirs.read_text(encoding="utf-8").splitlines()
    # The command line was told no product, and records into no database that knows one.
    passing = {"id", "milliseconds", "captured_at", "inspected_at", "product"}

    def lasting(text: str) -> tuple[list[str], dict[str, object]]:
        line = json.loads(text)
        return list(line), {key: value for key, value in line.items() if key not in passing}

    assert [lasting(line) for line in ours] == [lasting(line) for line in lines]
    assert len(ours) == 15


def test_csv_holds_every_picture_and_no_formula(bench: Bench, scanned: ScanPage, tmp_path: Path) -> None:
    path = saved(bench, scanned, "csv", tmp_path / "out.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 15
    assert {line["verdict"] for line in lines} == {"OK", "NG", "REVIEW", "NO VERDICT"}
    assert lines[1]["score scratch"]
    assert [line["folder_label"] for line in lines].count("'=cmd()") == 1
    assert bench.context.memory("scan")["export_folder"] == str(tmp_path)


def test_csv_of_a_german_window_opens_in_a_german_excel(
    bench: Bench, scanned: ScanPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "table_spelling", lambda: SEMICOLON)
    path = saved(bench, scanned, "csv", tmp_path / "out.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file, delimiter=";"))
    assert len(lines) == 15
    # What was not judged has no score, and no zero that could be taken for one.
    assert all(re.fullmatch(r"[01],\d+", line["score"]) for line in lines if line["verdict"] != "NO VERDICT")
    assert {line["score"] for line in lines if line["verdict"] == "NO VERDICT"} == {""}
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)
    assert [line["folder_label"] for line in lines].count("'=cmd()") == 1


def test_excel_holds_four_sheets(bench: Bench, scanned: ScanPage, tmp_path: Path) -> None:
    path = saved(bench, scanned, "xlsx", tmp_path / "out.xlsx")
    with zipfile.ZipFile(path) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        assert names == ["Results", "Skipped", "Summary", "Confusion"]
        results, skipped, summary, confusion = (cells(book, number) for number in (1, 2, 3, 4))
    assert len(results) == 16
    assert "=cmd()" in {row[1] for row in results}
    assert len(skipped) == 2
    assert "torn.png" in skipped[1][0]
    figures = {row[0]: row[1:] for row in summary}
    assert figures["NG"][0] == str(len([r for r in results if r[2] == "NG"]))
    assert figures["Escapes"][:2] == ["2", "8"]
    assert [row[0] for row in confusion[1:]] == ["ok", "scratch", "=cmd()"]
    assert confusion[0][-2:] == ["REVIEW", "NO VERDICT"]
    assert sum(int(cell) for row in confusion[1:] for cell in row[1:]) == len(results) - 1
    assert figures["NO VERDICT"][:2] == ["1", "15"]
    assert figures["Time zone"][0] == zone_words()
    assert not any(
        "#NUM!" in cell or "#DIV/0!" in cell for sheet in (results, summary) for row in sheet for cell in row
    )
    time = results[0].index("time")
    judged = [row for row in results[1:] if row[2] != "NO VERDICT"]
    assert all(45_000 < float(row[time]) < 80_000 for row in judged), "dates are numbers"


def test_reports_hold_the_worst_pictures_first(bench: Bench, scanned: ScanPage, tmp_path: Path) -> None:
    text = saved(bench, scanned, "html", tmp_path / "out.html").read_text(encoding="utf-8")
    result = scanned.showing.result()
    assert result is not None
    wrong = [r for r in result.rows if r.inspection.verdict.outcome is not Outcome.OK or r.differs]
    assert text.count("data:image/jpeg;base64") == len([r for r in wrong if not r.skipped])
    captions = re.findall(r"<figcaption><b>([A-Z ]+)</b>", text)
    assert captions[:3] == ["OK", "OK", "NG"]
    pdf = saved(bench, scanned, "pdf", tmp_path / "out.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    # The same picture twice is in the file once.
    different = set(re.findall(r"data:image/jpeg;base64,([^\"]+)", text))
    assert pdf.count(b"/Subtype /Image") == len(different) > 1


def test_stopped_or_failed_export_leaves_the_old_file(bench: Bench, scanned: ScanPage, tmp_path: Path) -> None:
    old = tmp_path / "out.html"
    old.write_text("old", encoding="utf-8")
    result = scanned.showing.result()
    assert result is not None
    assert not write("html", old, result, lambda done, _of: done < 2)
    assert old.read_text(encoding="utf-8") == "old"
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError):
        write("csv", tmp_path / "file" / "out.csv", result)


def test_sent_to_review_is_an_override_of_the_operator(bench: Bench, scanned: ScanPage) -> None:
    told: list[str] = []
    bench.context.overridden.connect(told.append)
    press(scanned, "Right", "R")
    bench.idle()
    current = scanned.results.current
    assert current is not None
    assert told == [current.id]
    assert "→ REVIEW" in str(scanned.results.rows.index(0, 1).data())
