"""CSV is written in one place, which guards formulas and knows a German Excel: a second writer is found here."""

from __future__ import annotations

import ast

import pytest

from tests import ROOT

WRITER = "engine/reports/csv_tables.py"
WRITING = {"writer", "DictWriter"}
SOURCES = [*(p for part in ("engine", "db", "gui", "trainer") for p in (ROOT / part).rglob("*.py")), ROOT / "main.py"]


def writes_csv(text: str) -> bool:
    """Whether the code takes a writer from Python's csv module, under whatever name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == "csv" and WRITING & {a.name for a in node.names}:
            return True
        if isinstance(node, ast.Attribute) and node.attr in WRITING and ast.unparse(node.value).endswith("csv"):
            return True
    return False


def test_tables_are_written_in_one_place() -> None:
    found = {str(p.relative_to(ROOT).as_posix()) for p in SOURCES if writes_csv(p.read_text(encoding="utf-8"))}
    assert found == {WRITER}


@pytest.mark.parametrize(
    "text", ["import csv\ncsv.writer(x)", "from csv import DictWriter as D", "import csv\nw = csv.DictWriter"]
)
def test_a_second_writer_would_be_found(text: str) -> None:
    assert writes_csv(text) and not writes_csv("import csv\ncsv.reader(x)")
