"""Excel files: complete or not there, and no cell a formula."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
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
    # What is not a number is Excel's own error value, the only formula there may be.
    assert sheet.count("<f>") == sheet.count("<f>#NUM!</f>")
    assert 'r="C2"' in sheet


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
