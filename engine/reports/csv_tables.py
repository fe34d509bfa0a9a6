"""Tables as CSV for a spreadsheet, and read back: one writer for all of them.

A German Excel splits at semicolons and reads a decimal comma; an English one splits at commas. Either may be given the
other's file, so a text that would begin a cell there is guarded too (OWASP: CSV injection). A number is never guarded.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Literal

Cell = str | int | float | Decimal | bool | datetime | date | None
"""A Decimal is written with the digits it has."""
Separator = Literal[",", ";", "\t"]


@dataclass(frozen=True, slots=True)
class Spelling:
    """What stands between two cells, and in a number."""

    separator: Literal[",", ";"] = ","
    decimal: str = "."


PLAIN = Spelling()
SEMICOLON = Spelling(";", ",")
"""As a German Excel opens it without being asked."""
SPELLINGS = {"comma": PLAIN, "semicolon": SEMICOLON}
"""By the words of the command line."""
_BEGINS = "\t\r\n=+@\uff1d\uff0b\uff0d\uff20\\-"
"""What begins a formula, also as wide as a Chinese letter, or is dropped before one."""


def csv_bytes(
    rows: Iterable[Sequence[Cell]], spelling: Spelling = PLAIN, *, marked: bool = True, ends: str = "\r\n"
) -> bytes:
    """The rows in UTF-8, `marked` by the byte-order mark that Excel needs; with semicolons it always stands there."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=spelling.separator, lineterminator=ends)
    for row in rows:
        writer.writerow([_written(cell, spelling) for cell in row])
    return out.getvalue().encode("utf-8-sig" if marked or spelling.separator != "," else "utf-8")


def read_rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """The cells as texts, without the guards that `csv_bytes` put there. Raises csv.Error."""
    for row in csv.reader(lines, delimiter=separator):
        yield [unguarded(cell, separator) for cell in row]


def guarded(text: str, separator: str = ",") -> str:
    """The text with an apostrophe before whatever a spreadsheet would take for a formula."""
    return _formula(separator).sub(r"\1'\2", text)


def unguarded(text: str, separator: str = ",") -> str:
    """The text that was guarded."""
    return _formula(separator).sub(lambda found: found[1] + found[2][1:], text)


def separator_of(line: str, firsts: Iterable[str]) -> Separator:
    """What the line is separated by: the first that leaves one of `firsts` (in lower case) as its first cell; `,`."""
    known = frozenset(firsts)
    found: tuple[Separator, ...] = (",", ";", "\t")
    for separator in found:
        cells = next(csv.reader([line], delimiter=separator), [])
        if len(cells) > 1 and cells[0].strip().lower() in known:
            return separator
    return ","


def _written(cell: Cell, spelling: Spelling) -> object:
    if isinstance(cell, datetime):
        return local_time(cell)
    if isinstance(cell, float | Decimal):
        # A figure that does not exist is an empty cell.
        return str(cell).replace(".", spelling.decimal) if math.isfinite(cell) else None
    return guarded(cell, spelling.separator) if isinstance(cell, str) else cell


def local_time(at: datetime) -> str:
    """In the station's zone, with the difference from UTC behind it: 2026-11-20T09:30:00+01:00."""
    return at.astimezone().isoformat(timespec="seconds")


@cache
def _formula(separator: str) -> re.Pattern[str]:
    """Where a text would become a formula, in its own cell or in one that another separator makes of its rest.

    1 = up to there, with quotes and spaces; 2 = the apostrophes that stand there already.
    """
    others = re.escape("".join({",", ";", "\t"} - {separator}))
    return re.compile(rf"(^[\" ]*|[{others}\r\n][\" ]*)('*)(?=[{_BEGINS}])")
