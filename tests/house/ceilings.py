"""Ceilings of the house, which neither ruff nor import-linter can say: what a folder, file, class or function holds.

`python -m tests.house.ceilings` prints one line a breach and ends with 1; `make lint` and the commit hook run it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT

PRODUCT = ("engine", "db", "gui", "trainer")
MIRRORS = ("unit", "db", "gui")
UNMIRRORED = {"tests/unit", "tests/unit/house"}
"""Folders of tests without a room of the product: the one that holds the mirrors, and what is tested of the house."""
GENERATED = {"db/store/migrations"}
WORDLESS = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What one kind of thing may hold at most."""

    files: int = 15
    lines: int = 500
    of_class: int = 250
    of_function: int = 50


TESTS = Ceiling()
HOUSE = Ceiling(lines=400, of_function=40)
"""The product keeps to less than was asked."""

EXCEPTIONS: frozenset[str] = frozenset()
"""What is over a ceiling today, by place and name. One that is no longer over it must go from here."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Where, and what is wrong there."""

    place: str
    words: str

    def __str__(self) -> str:
        return f"{self.place}: {self.words}"


def breaches(root: Path) -> Iterator[Breach]:
    """Every breach in a checkout, exceptions or not."""
    for folder in _folders(root):
        yield from _folder(root, folder)
    for path in _files(root):
        yield from _file(root, path)
    yield from _mirrors(root)


def settle(found: Collection[Breach], exceptions: Collection[str]) -> list[Breach]:
    """The breaches that nobody excepted, and the exceptions that nobody needs."""
    places = {breach.place for breach in found}
    idle = [Breach(name, "is excepted and need not be: take it from the list") for name in sorted(exceptions)]
    return [b for b in found if b.place not in exceptions] + [b for b in idle if b.place not in places]


def _folders(root: Path) -> Iterator[Path]:
    """Every folder that holds code, itself or in a room below."""
    for part in (*PRODUCT, "tests"):
        for folder in (root / part, *sorted((root / part).rglob("*"))):
            if folder.is_dir() and any(folder.rglob("*.py")) and not _generated(root, folder):
                yield folder


def _files(root: Path) -> Iterator[Path]:
    for part in (*PRODUCT, "tests"):
        yield from sorted(path for path in (root / part).rglob("*.py") if not _generated(root, path))
    yield root / "main.py"


def _generated(root: Path, path: Path) -> bool:
    name = path.relative_to(root).as_posix()
    return any(name == place or name.startswith(f"{place}/") for place in GENERATED)


def _folder(root: Path, folder: Path) -> Iterator[Breach]:
    place = folder.relative_to(root).as_posix()
    files = [p for p in folder.iterdir() if p.is_file() and p.suffix != ".pyc" and p.name != "__init__.py"]
    rooms = [p for p in folder.iterdir() if p.is_dir() and any(p.rglob("*.py"))]
    if len(files) > TESTS.files:
        yield Breach(place, f"{len(files)} files, at most {TESTS.files}")
    if not place.startswith("tests") and len(files) < 2 and len(rooms) < 2:
        yield Breach(place, "a room of one file is a file: at least 2")
    if set(folder.name.lower().split("_")) & WORDLESS:
        yield Breach(place, "a name that says nothing")
    yield from _sentence(place, folder / "__init__.py")


def _sentence(place: str, path: Path) -> Iterator[Breach]:
    """The folder's __init__ says what belongs there, in one sentence."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else None
    if not text or not text.endswith(".") or re.search(r"[.!?]\s", text):
        yield Breach(place, "its __init__ says in one sentence what belongs there")


def _file(root: Path, path: Path) -> Iterator[Breach]:
    place, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
    tests = place.startswith("tests/")
    ceiling = TESTS if tests else HOUSE
    if (lines := text.count("\n")) > ceiling.lines:
        yield Breach(place, f"{lines} lines, at most {ceiling.lines}")
    if set(path.stem.lower().split("_")) & WORDLESS:
        yield Breach(place, "a name that says nothing")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _long(f"{place} {node.name}", node, ceiling.of_function)
            if not tests and path.name != "main.py" and _imports(node):
                yield Breach(f"{place} {node.name}", "imports; only main's dispatch may, inside a function")
        elif isinstance(node, ast.ClassDef):
            yield from _long(f"{place} {node.name}", node, ceiling.of_class)
        elif not tests and _of_main(node):
            yield Breach(place, "imports main, which only starts the others")


def _long(place: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, most: int) -> Iterator[Breach]:
    lines = (node.end_lineno or 0) - node.lineno + 1
    if lines > most:
        yield Breach(place, f"{lines} lines, at most {most}")


def _imports(function: ast.AST) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))


def _of_main(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "main"
    return isinstance(node, ast.Import) and any(alias.name == "main" for alias in node.names)


def _mirrors(root: Path) -> Iterator[Breach]:
    """A folder of tests is called as the room that it tests."""
    for part in MIRRORS:
        for folder in _folders(root):
            place = folder.relative_to(root).as_posix()
            if place in UNMIRRORED or not (place == f"tests/{part}" or place.startswith(f"tests/{part}/")):
                continue
            room = place.removeprefix("tests/unit/" if part == "unit" else "tests/")
            if not (root / room).is_dir():
                yield Breach(place, f"mirrors no room: there is no {room}")


def main() -> int:
    """Print what is wrong; 1 where anything is."""
    found = settle(list(breaches(ROOT)), EXCEPTIONS)
    for breach in found:
        print(breach)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
