"""Excel files: complete or not there, and no cell a formula."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.reports.workbook import Sheet, write_workbook


def test_cells_are_text_numbers_and_times_and_never_formulas(tmp_path: Path) -> None:
    at = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    rows = [("=HYPERLINK(1)", 0.5, at), ("@cmd", float("nan"), None)]
    write_workbook(tmp_path / "made.xlsx", [Sheet("Results", ("path", "score", "at"), rows)])
    with zipfile.ZipFile(tmp_path / "made.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    assert 'r="B2"><v>0.5</v>' in sheet
    assert "<f>" not in sheet
    assert 'r="C2"' in sheet


def test_figure_that_does_not_exist_is_an_empty_cell(tmp_path: Path) -> None:
    rows = [(float("nan"), float("inf"), None, 0.0)]
    write_workbook(tmp_path / "made.xlsx", [Sheet("Results", tuple("abcd"), rows)])
    with zipfile.ZipFile(tmp_path / "made.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "#NUM!" not in sheet
    assert "#DIV/0!" not in sheet
    assert [name for name in ("A2", "B2", "C2", "D2") if f'r="{name}"' in sheet] == ["D2"]


def test_times_and_days_are_numbers_that_excel_shows_as_dates(tmp_path: Path) -> None:
    at = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    write_workbook(tmp_path / "made.xlsx", [Sheet("Results", ("at", "day"), [(at, at.date())])])
    with zipfile.ZipFile(tmp_path / "made.xlsx") as book:
        sheet, styles = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    written = dict(re.findall(r'r="([AB]2)"[^>]*><v>([^<]*)<', sheet))
    local = at.astimezone().replace(tzinfo=None)
    assert float(written["A2"]) == pytest.approx((local - datetime(1899, 12, 30)) / timedelta(days=1))
    assert float(written["B2"]) == (at.date() - date(1899, 12, 30)).days
    assert 'formatCode="yyyy-mm-dd hh:mm:ss"' in styles
    assert 'formatCode="yyyy-mm-dd"' in styles


def test_names_of_sheets_are_cut_to_what_excel_takes(tmp_path: Path) -> None:
    names = ["a/b:c" * 20, "", "Summary"]
    write_workbook(tmp_path / "made.xlsx", [Sheet(name, ("x",), [(1,)]) for name in names])
    with zipfile.ZipFile(tmp_path / "made.xlsx") as book:
        listed = book.read("xl/workbook.xml").decode()
    assert 'name="Summary"' in listed
    assert "a/b" not in listed


def test_file_that_cannot_be_written_says_so_and_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(StorageError, match="could not be written"):
        write_workbook(target, [Sheet("Results", ("x",), [(1,)])])
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
