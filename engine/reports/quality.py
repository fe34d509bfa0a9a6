"""A quality report as files: tables as CSV (zipped) or Excel, all with charts as one HTML page (for a PDF).

Texts come in the reader's language; values are formatted by the caller for the page and stay plain in the tables.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.reports.csv_tables import PLAIN, Spelling, csv_bytes
from engine.reports.workbook import Cell, Sheet, write_workbook
from engine.system.files import write_atomically
from engine.system.late import Late
from engine.system.places import resources_folder

if TYPE_CHECKING:
    import jinja2
else:
    jinja2 = Late("jinja2")

Kind = Literal["text", "count", "share", "number", "time"]
"""How a column is written: a share 0…1 is shown in per cent, a number with three digits."""

MOST_PRINTED = 200
"""Rows of one table on paper; the files hold all."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and how its values are written."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a report. `how` says how its figures are computed, in one or two sentences; None = not defined."""

    key: str
    """Of the file in a zip: letters, digits, hyphens."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    how: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its chart (PNG bytes, drawn at twice its size) as the printed report shows them."""

    table: Table
    chart: bytes | None = None
    chart_width: int = 0
    """In CSS pixels."""
    said: tuple[tuple[str, str], ...] = ()
    """The figures above the chart: name and value."""


@dataclass(frozen=True, slots=True)
class ReportWords:
    """The words of the files themselves, in the reader's language."""

    about: str = "About this report"
    what: str = "What"
    value: str = "Value"
    table: str = "Table"
    how: str = "How it is computed"
    more: str = "More rows are in the Excel and CSV files: {count}."


def write_csv_zip(
    path: Path, tables: Sequence[Table], facts: Mapping[str, str], words: ReportWords, spelling: Spelling = PLAIN
) -> None:
    """A zip of one CSV a table (UTF-8 with a byte-order mark) and `about.csv`. Raises StorageError."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, header, rows in (_about(tables, facts, words), *map(_plain, tables)):
            safe = re.sub(r"[^A-Za-z0-9-]", "-", name)[:40] or "table"
            file.writestr(f"{safe}.csv", _csv(header, rows, spelling))
    write_atomically(path, packed.getvalue())


def write_excel(path: Path, tables: Sequence[Table], facts: Mapping[str, str], words: ReportWords) -> None:
    """One sheet a table, and one about the report. Raises StorageError."""
    _, header, rows = _about(tables, facts, words)
    sheets = [Sheet(words.about, header, rows)]
    sheets += [Sheet(table.title, [c.name for c in table.columns], table.rows) for table in tables]
    write_workbook(path, sheets)


def html_of(
    title: str,
    facts: Mapping[str, str],
    sections: Sequence[Section],
    words: ReportWords,
    shown: Callable[[Cell, Kind], str],
) -> str:
    """The page: what it is about, then each chart with its table and how it is computed. `shown` writes one value."""
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(resources_folder() / "templates"), autoescape=True)
    parts = [
        {
            "title": section.table.title,
            "said": section.said,
            "how": section.table.how,
            "columns": section.table.columns,
            "rows": [_shown(row, section.table.columns, shown) for row in section.table.rows[:MOST_PRINTED]],
            "more": words.more.format(count=left) if (left := len(section.table.rows) - MOST_PRINTED) > 0 else "",
            "chart": base64.b64encode(section.chart).decode() if section.chart else "",
            "width": section.chart_width,
        }
        for section in sections
    ]
    return templates.get_template("quality.html.j2").render(title=title, facts=facts, sections=parts)


def _shown(row: Sequence[Cell], columns: Sequence[Column], shown: Callable[[Cell, Kind], str]) -> list[str]:
    return [shown(cell, column.kind) for cell, column in zip(row, columns, strict=True)]


def _plain(table: Table) -> tuple[str, Sequence[str], Sequence[Sequence[Cell]]]:
    return table.key, [column.name for column in table.columns], table.rows


def _about(
    tables: Sequence[Table], facts: Mapping[str, str], words: ReportWords
) -> tuple[str, Sequence[str], Sequence[Sequence[Cell]]]:
    rows = [*facts.items(), *((f"{words.how}: {table.title}", table.how) for table in tables if table.how)]
    return "about", [words.what, words.value], rows


def _csv(header: Sequence[str], rows: Sequence[Sequence[Cell]], spelling: Spelling) -> bytes:
    short = ([Decimal(f"{cell:.6g}") if isinstance(cell, float) else cell for cell in row] for row in rows)
    return csv_bytes((header, *short), spelling)
