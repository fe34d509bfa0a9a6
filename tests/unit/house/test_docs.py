"""What README, CONTRIBUTING and the manual name is there: paths, modules, commands, make's targets, rooms, formats."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import main
from tests import ROOT
from trainer.formats.detect import FORMATS

DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PRODUCT = ("engine", "db", "gui", "trainer")
PATH = re.compile(
    r"(?<![\w/.:-])((?:engine|db|gui|trainer|tests|resources|docs|requirements|\.ci|\.github)/[\w./-]*"
    r"|main\.py|pyproject\.toml|build\.spec)"
)
LINK = re.compile(r"\]\((?!https?://)([^)#]+)[^)]*\)")
MODULE = re.compile(r"python -m (tests[\w.]*)")
COMMAND = re.compile(r"(?<![\w/.-])(?:(?:dist/lineside/)?lineside|main\.py) ([a-z][a-z-]*)")
TARGET = re.compile(r"`make ([a-z-]+)|^ {4}make ([a-z-]+)", re.MULTILINE)


def paths(text: str) -> Iterator[str]:
    """Repository paths: of a pattern (`tests/…`, `db/*`) the folder, without the full stop of a sentence."""
    for found in PATH.findall(text):
        yield found.rstrip(".")


def is_path(name: str) -> bool:
    """Whether it is there; a decision record by its number too."""
    return (ROOT / name).exists() or any((ROOT / name).parent.glob(f"{Path(name).name}-*.md"))


def commands(text: str) -> Iterator[str]:
    """Sub-commands in code: in a block, or between back quotes."""
    for code in re.findall(r"^ {4}.*$|`[^`\n]+`", text, re.MULTILINE):
        yield from COMMAND.findall(code)


def targets(text: str) -> Iterator[str]:
    """What make is asked for."""
    for inline, block in TARGET.findall(text):
        yield inline or block


def lost(text: str, named: Callable[[str], Iterator[str]], there: Callable[[str], bool]) -> list[str]:
    """What a text names and is not there."""
    return sorted({name for name in named(text) if not there(name)})


def subcommands() -> set[str]:
    """What the program's own parser takes."""
    actions = main.build_parser()._actions
    return {name for a in actions if isinstance(a, argparse._SubParsersAction) for name in a.choices}


def rooms() -> dict[str, str]:
    """Every room of the product with its sentence."""
    found = {}
    for part in PRODUCT:
        for path in sorted((ROOT / part).rglob("__init__.py")):
            found[path.parent.relative_to(ROOT).as_posix()] = (
                ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            )
    return found


def each(test: Callable[[Path], None]) -> Callable[[Path], None]:
    return pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)(test)


@each
def test_paths_are_there(doc: Path) -> None:
    assert lost(doc.read_text("utf-8"), paths, is_path) == []


@each
def test_links_lead_somewhere(doc: Path) -> None:
    links = LINK.findall(doc.read_text("utf-8"))
    assert [link for link in links if not (doc.parent / link).exists()] == []


@each
def test_modules_are_there(doc: Path) -> None:
    modules = MODULE.findall(doc.read_text("utf-8"))
    assert [name for name in modules if find_spec(name.rstrip(".")) is None] == []


@each
def test_commands_are_the_programs(doc: Path) -> None:
    known = subcommands()
    assert lost(doc.read_text("utf-8"), commands, known.__contains__) == []


@each
def test_targets_are_makes(doc: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert lost(doc.read_text("utf-8"), targets, known.__contains__) == []


def test_every_room_is_on_the_map_with_its_own_sentence() -> None:
    """In a row of its own, or in that of the room it is in."""
    text = (ROOT / "docs" / "house.md").read_text("utf-8")
    told = [{f"| `{room}` | {words} ", f" · `{room}`: {words} "} for room, words in rooms().items()]
    assert [sorted(either) for either in told if not any(words in text for words in either)] == []


def test_every_format_stands_in_the_manual() -> None:
    text = (ROOT / "docs" / "data.md").read_text("utf-8")
    assert [name for name in FORMATS if f"| `{name}` |" not in text] == []


def test_what_is_gone_is_noticed() -> None:
    text = "See engine/gone.py, docs/decisions/9999 and `gui/*`. `lineside dance`, `lineside scan x`\n\n    make tea\n"
    assert lost(text, paths, is_path) == ["docs/decisions/9999", "engine/gone.py"]
    assert lost(text, commands, subcommands().__contains__) == ["dance"]
    assert list(targets(text)) == ["tea"]
