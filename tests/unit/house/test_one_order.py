"""The trainer's command line is spelled once in the station, in engine/training.py; whoever orders fills that in."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests import ROOT
from tests.house.sources import SOURCES, nodes_in, nodes_of

ORDER = "engine/training.py"
STATION = ("engine", "db", "gui")
"""The trainer declares its options, and main.py shows examples of them: neither orders a training."""


def words_of(node: ast.AST) -> list[str]:
    """The plain texts among a row's items, those in rows that are unpacked in it too."""
    if not isinstance(node, ast.List | ast.Tuple):
        return []
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def orders_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """What in a module spells an order of a training: a row of `train` and options, or one text with a preset in it."""
    for node in nodes:
        words = words_of(node)
        if "train" in words and any(word.startswith("--") for word in words):
            yield " ".join(words)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "--preset" in node.value:
            yield node.value


def test_the_trainers_command_line_is_spelled_in_one_place() -> None:
    found = {
        name
        for path in SOURCES
        if (name := path.relative_to(ROOT).as_posix()).startswith(STATION)
        and any(orders_in(nodes_in(path, "train", "--preset")))
    }
    assert found == {ORDER}


@pytest.mark.parametrize(
    "line",
    [
        # As they stood: the teach-in's, and the one for another computer.
        'given = ["train", str(self.dataset), "--preset", self.preset, "--out", str(self.out)]',
        'command = ["lineside", "train", "corrections", "--preset", "finetune", "--from", "model.zip"]',
        'f("lineside", *("train", "--resume", str(run)))',
        'words = shlex.split(f"lineside train {folder} --preset {preset}")',
        'text = "lineside train parts --preset " + preset',
    ],
)
def test_a_second_spelling_is_found(line: str) -> None:
    assert list(orders_in(nodes_of(line)))


@pytest.mark.parametrize(
    "line", ['parts = ("train", "test")', 'order = TeachOrder(Path("train"), None, out, place)', '["scan", "--resume"]']
)
def test_what_orders_nothing_is_let_be(line: str) -> None:
    assert not list(orders_in(nodes_of(line)))
