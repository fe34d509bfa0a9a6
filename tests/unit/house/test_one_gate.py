"""The change gate is put together in one file, for window and command line; who reaches for its parts is found."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import pytest

from tests import ROOT
from tests.house.sources import SOURCES, nodes_in, nodes_of

GATE = "db/runs/gate.py"
PARTS = {("engine.gate.gate", "run_gate"), ("engine.gate.known", "folder_set"), ("db.datasets.gates", "overrides_set")}
"""What is known of parts, and both models judging it. A gate without one of them would prove less than it says."""


def reached_in(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """The parts that a module imports, or takes from a module that it imports, under whatever name."""
    modules: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from {(node.module or "", alias.name) for alias in node.names} & PARTS
            modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.Attribute):
            yield from {(modules.get(ast.unparse(node.value), ""), node.attr)} & PARTS


def test_the_change_gate_is_composed_in_one_file() -> None:
    words = [name for _, name in PARTS]
    found = {path.relative_to(ROOT).as_posix(): set(reached_in(nodes_in(path, *words))) for path in SOURCES}
    assert {name: parts for name, parts in found.items() if parts} == {GATE: PARTS}


@pytest.mark.parametrize(
    "second",
    [
        "from engine.gate.gate import run_gate\nrun_gate(sets, a, b, report, stopped)",
        "from engine.gate.gate import GateResult, run_gate as judge_both\nwork = partial(judge_both, sets)",
        "from engine.gate import gate\nwork = partial(gate.run_gate, sets)",
        "import engine.gate.gate\nengine.gate.gate.run_gate(sets)",
    ],
)
def test_a_second_composition_is_found_under_any_name(second: str) -> None:
    assert set(reached_in(nodes_of(second))) == {("engine.gate.gate", "run_gate")}


@pytest.mark.parametrize("line", ["from db.commands.gate import run_gate\nrun_gate(args)", "self.run_gate(sets)"])
def test_who_only_orders_one_is_let_be(line: str) -> None:
    assert not list(reached_in(nodes_of(line)))
