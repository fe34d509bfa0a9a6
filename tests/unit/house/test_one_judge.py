"""One judge: a picture gets its verdict in engine/judging and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.house.sources import SOURCES as ALL
from tests.house.sources import nodes_in

JUDGE = "engine/judging/judge.py"
DECIDES = {
    JUDGE: "the judge itself: for line, gate, trial, preview, comparison, evaluation and quantisation",
    "engine/statistics/metrics.py": "labels of a table of scores, by the same rules; no picture and no model is there",
}
RUNS = {
    JUDGE: "a picture alone",
    "engine/judging/many.py": "pictures in flight",
    "engine/importing/into_package.py": "tries a new graph: are its answers numbers? Nothing is decided",
    "db/models/files.py": "measures milliseconds; nothing is decided",
}
SOURCES = {path.relative_to(ROOT).as_posix(): path for path in ALL}
MODELS = {"model", "loaded", "ready", "network", "candidate"}
"""Names a loaded model goes by; `.run` of jobs, stations and processes is none of the model's."""


def calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    return (node for node in nodes if isinstance(node, ast.Call))


def last(node: ast.expr) -> str:
    """`_model` of `self._model`, `model` of `judge.model`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def loads(node: ast.expr) -> bool:
    """`load_model(…)` or `SomeModel(…)`, whatever closes it at the end."""
    if not isinstance(node, ast.Call):
        return False
    name = last(node.func)
    return name == "load_model" or name.endswith("Model") or (name == "closing" and loads(node.args[0]))


def decides(path: Path) -> bool:
    nodes = nodes_in(path, "decide")
    named = any(last(call.func) == "decide" for call in calls(nodes))
    imported = any(
        isinstance(node, ast.ImportFrom) and "decide" in [alias.name for alias in node.names] for node in nodes
    )
    return named or imported


def runs_a_model(path: Path) -> bool:
    """Whether it calls `run` or `stream` on what is called a model or what `load_model` gave."""
    nodes = nodes_in(path, "run", "stream")
    given = {
        last(target) for node in nodes if isinstance(node, ast.Assign) and loads(node.value) for target in node.targets
    }
    given |= {
        last(item.optional_vars)
        for node in nodes
        if isinstance(node, ast.With)
        for item in node.items
        if item.optional_vars is not None and loads(item.context_expr)
    }
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr in ("run", "stream")
        and last(call.func.value).lstrip("_") in MODELS | given
        for call in calls(nodes)
    )


@pytest.mark.parametrize("name", SOURCES)
def test_only_the_judge_decides_and_only_it_runs_a_model_for_a_verdict(name: str) -> None:
    path = SOURCES[name]
    assert not decides(path) or name in DECIDES, f"{name} decides by itself: ask engine.judging, or say why here"
    assert not runs_a_model(path) or name in RUNS, f"{name} runs a model by itself: ask engine.judging, or say why here"


def test_the_lists_name_nothing_that_is_gone() -> None:
    assert all(decides(SOURCES[name]) for name in DECIDES)
    assert all(runs_a_model(SOURCES[name]) for name in RUNS)
    assert set(DECIDES) & set(RUNS) == {JUDGE}


@pytest.mark.parametrize(
    "text",
    [
        "said = decide(found, recipe)",
        "from engine.verdicts import verdict\nverdict.decide(found, recipe)",
        "from engine.verdicts.verdict import decide as word",
    ],
)
def test_a_second_decision_is_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.py").write_text(text)
    assert decides(tmp_path / "odd.py")


@pytest.mark.parametrize(
    "text",
    [
        "judge.model.run(pixels, view)",
        "self._model.stream(pictures, view)",
        "mine = load_model(package)\nmine.run(pixels)",
        "with closing(OpenVinoModel(package)) as mine:\n    mine.run(pixels)",
    ],
)
def test_a_second_run_is_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.py").write_text(text)
    assert runs_a_model(tmp_path / "odd.py")


def test_what_runs_no_model_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text("context.jobs.run(work)\nstation.run()\njobs.stream(work)\n")
    assert not runs_a_model(tmp_path / "fine.py")
