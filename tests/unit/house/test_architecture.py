"""What import-linter cannot say: ceilings, where functions may import, and that nobody imports main."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT

PACKAGES = ("engine", "db", "gui", "trainer")
SOURCES = [*sorted(p for part in PACKAGES for p in (ROOT / part).rglob("*.py")), ROOT / "main.py"]
WORDLESS = {"utils", "helpers", "manager", "misc", "common"}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= 400, "a file has at most 400 lines"
    assert path.stem not in WORDLESS
    for function in functions(tree):
        assert (function.end_lineno or 0) - function.lineno + 1 <= 40, f"{function.name} is longer than 40 lines"
        inner = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
        assert not inner or path.name == "main.py", f"{function.name} imports"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module != "main"
        if isinstance(node, ast.Import):
            assert "main" not in [alias.name for alias in node.names]


def test_machine_paths_and_registries_stay_out() -> None:
    for path in [*SOURCES, *(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "Makefile"]:
        if path.exists():
            text = path.read_text(encoding="utf-8")
            assert "/" + "work/" not in text, path
            assert "pypi" + ".org" not in text, path
