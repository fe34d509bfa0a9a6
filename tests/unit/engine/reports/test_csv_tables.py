"""Tables as spreadsheets open them: in any country, and never with a formula in them."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reports.csv_tables import PLAIN, SEMICOLON, Cell, Spelling, csv_bytes, guarded, read_rows, separator_of

SEPARATORS = (",", ";", "\t")
SPELT = [PLAIN, SEMICOLON]
FORMULA = set("=+-@\t\r\n＝＋－＠")
TEXTS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "-part.png", '"=1"', "＝1"),
    *("x;=1", "x,=1", "x\t=1", "x\n=1", 'x;"=1', 'x; "=1"', "x;＠a", "x;'=1", "x;;-1", "x,;=1"),
]
NASTY = st.text(st.sampled_from("=+-@'\"; ,\t\r\nab1＝é"), max_size=12)


def cells_of(data: bytes, separator: str) -> list[str]:
    """The first line as a spreadsheet with this separator opens it."""
    return next(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator))


def formulas_in(data: bytes, spelling: Spelling) -> list[str]:
    """Cells that a spreadsheet of any country may make of the bytes, and that begin like a formula.

    With its own separator it heeds quotes; with another it finds them inside a cell, where it may heed them or not.
    """
    text = data.decode("utf-8-sig")
    found = [
        cell
        for separator in SEPARATORS
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for cell in row
    ]
    others = [separator for separator in SEPARATORS if separator != spelling.separator]
    found += [cell.strip('" ') for separator in others for line in text.splitlines() for cell in line.split(separator)]
    return [cell for cell in found if cell and cell[0] in FORMULA]


def test_german_table_has_semicolons_and_decimal_commas() -> None:
    row: list[Cell] = ["Bohrung; tief", 0.5, Decimal("0.600000"), -3.25, 7, None, 1e-07, True]
    assert cells_of(csv_bytes([row], SEMICOLON), ";") == [
        *("Bohrung; tief", "0,5", "0,600000", "-3,25", "7", "", "1e-07", "True")
    ]
    assert csv_bytes([row], SEMICOLON, marked=False).startswith(b"\xef\xbb\xbf")


def test_plain_table_is_as_it_always_was() -> None:
    at = datetime(2026, 3, 1, 6, tzinfo=UTC)
    local = at.astimezone().isoformat().encode()
    assert csv_bytes([["a", 0.5], [at, -1]]) == b"\xef\xbb\xbfa,0.5\r\n" + local + b",-1\r\n"
    assert csv_bytes([["a", 0.5]], marked=False, ends="\n") == b"a,0.5\n"


@pytest.mark.parametrize("spelling", SPELT)
@pytest.mark.parametrize("value", [-1, -0.5, Decimal("-2"), -1e-9, 1e300])
def test_number_stays_a_number(value: Cell, spelling: Spelling) -> None:
    (cell,) = cells_of(csv_bytes([[value]], spelling), spelling.separator)
    assert float(cell.replace(",", ".")) == float(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-math.inf, math.inf, math.nan, Decimal("-Infinity")])
def test_figure_that_does_not_exist_is_an_empty_cell(value: Cell) -> None:
    assert cells_of(csv_bytes([[value, 1]]), ",") == ["", "1"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("spelling", SPELT)
def test_text_becomes_no_formula_whatever_splits_it(text: str, spelling: Spelling) -> None:
    data = csv_bytes([["first", text, "last"]], spelling)
    assert not formulas_in(data, spelling)


@pytest.mark.parametrize(
    "text", ["pit 0.90 ≥ 0.50", "a-b.png", "dent; oil", "x=1", "a@b", "'quoted'", "", "0.5, low", "lot 7"]
)
def test_harmless_text_is_not_touched(text: str) -> None:
    for separator in SEPARATORS:
        assert guarded(text, separator) == text


@given(st.lists(NASTY, min_size=2, max_size=4), st.sampled_from(SPELT))
def test_what_was_written_is_read_back(texts: list[str], spelling: Spelling) -> None:
    text = csv_bytes([texts], spelling).decode("utf-8-sig")
    assert list(read_rows(io.StringIO(text, newline=""), spelling.separator)) == [texts]


@given(NASTY, st.sampled_from(SPELT))
def test_no_text_begins_a_formula(text: str, spelling: Spelling) -> None:
    data = csv_bytes([["first", text, "last"]], spelling)
    assert not formulas_in(data, spelling)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("path,classes", ","),
        ("Path;classes;", ";"),
        ("path\tclasses", "\t"),
        ("a,b.png;dent", ";"),
        ("a,b.png,dent", ","),
        ("x.png,dent;oil", ","),
        ("", ","),
        ('"a,b.png";dent', ";"),
    ],
)
def test_separator_is_what_leaves_a_known_name_first(line: str, wanted: str) -> None:
    assert separator_of(line, {"path", "a,b.png", "x.png"}) == wanted
