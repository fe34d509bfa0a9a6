"""Excel files of plain tables, written row by row (XlsxWriter, constant memory); a cell is never a formula."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from engine.errors import StorageError

MAX_ROWS = 1_048_575
"""Of a sheet, below its header; more are left out and a last row says so."""

Cell = str | int | float | bool | datetime | date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. Times must carry a zone; they are written as the station's, which a table beside it names.

    A figure that is no number is an empty cell.
    """

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write the sheets to `path`, which appears when it is complete. Raises StorageError."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "remove_timezone": True,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            draft = Path(folder) / "draft.xlsx"
            with xlsxwriter.Workbook(str(draft), options) as book:
                bold = book.add_format({"bold": True, "bottom": 1})
                clock = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
                day = book.add_format({"num_format": "yyyy-mm-dd"})
                for number, sheet in enumerate(sheets, start=1):
                    _write(book.add_worksheet(_title(sheet.name, number)), sheet, bold, clock, day)
            draft.replace(path)
    except (OSError, XlsxWriterException) as error:
        raise StorageError(
            f"{path} could not be written: {error}.", "Close it in other programs, free some space, then try again."
        ) from error


def _write(page: xlsxwriter.worksheet.Worksheet, sheet: Sheet, bold: object, clock: object, day: object) -> None:
    page.freeze_panes(1, 0)
    for column, name in enumerate(sheet.header):
        page.set_column(column, column, max(12, min(40, len(name) + 4)))
    page.write_row(0, 0, list(sheet.header), bold)
    for number, row in enumerate(sheet.rows, start=1):
        if number > MAX_ROWS - 1:
            page.write(number, 0, "More rows than a sheet holds: export CSV for all of them.")
            break
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                page.write_datetime(number, column, value.astimezone(), clock)
            elif isinstance(value, date):
                page.write_datetime(number, column, value, day)
            elif isinstance(value, str):
                page.write_string(number, column, value)
            elif value is not None and math.isfinite(value):
                page.write(number, column, value)


def _title(name: str, number: int) -> str:
    """A sheet's name as Excel takes it: at most 31 characters, none of []:*?/\\ ."""
    plain = "".join("_" if c in "[]:*?/\\'" else c for c in name).strip()[:28]
    return f"{plain} {number}" if not plain or plain.lower() == "history" else plain
