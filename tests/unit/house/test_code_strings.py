"""Programs that tests write as text import what is there: a move renames imports, and no checker reads a string."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.house.sources import nodes_in

OURS = ("engine", "db", "gui", "trainer", "tests", "main")
PRETENDS = {"test_ceilings.py", "test_code_strings.py"}
"""Their programs are never run."""
FILES = [path for path in sorted((ROOT / "tests").rglob("*.py")) if path.name not in PRETENDS]


def imports(text: str) -> Iterator[tuple[str, str]]:
    """(module, name) of each import of ours in the text's lines; name "" = the module itself."""
    for line in (part.strip() for whole in text.splitlines() for part in whole.split(";")):
        if not line.startswith(("import ", "from ")):
            continue
        try:
            (found,) = ast.parse(line).body
        except (SyntaxError, ValueError):
            continue
        if isinstance(found, ast.ImportFrom) and found.module and found.module.partition(".")[0] in OURS:
            yield from ((found.module, alias.name) for alias in found.names)
        elif isinstance(found, ast.Import):
            yield from ((alias.name, "") for alias in found.names if alias.name.partition(".")[0] in OURS)


def there(module: str, name: str) -> bool:
    try:
        if not name or hasattr(importlib.import_module(module), name):
            return bool(importlib.import_module(module))
        return bool(importlib.import_module(f"{module}.{name}"))
    except ImportError:
        return False


def strings(path: Path) -> Iterator[str]:
    for node in nodes_in(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "import " in node.value:
            yield node.value


def test_programs_in_strings_import_what_is_there() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), *one) for path in FILES for text in strings(path) for one in imports(text)
    ]
    assert len(found) > 20, "they are looked at"
    assert [one for one in found if not there(*one[1:])] == []


@pytest.mark.parametrize("text", ["from engine.settings import demo_package", "import os; import engine.gone"])
def test_what_moved_away_is_noticed(text: str) -> None:
    assert not all(there(*one) for one in imports(text))
