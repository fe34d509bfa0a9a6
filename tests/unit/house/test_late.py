"""What is read late: who may do so, that it is there, and that types, contracts and the bundle see it all the same."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from tests import ROOT
from tests.house.sources import SOURCES, nodes_in

PAGES = {path.parent.name for path in (ROOT / "gui" / "pages").glob("*/page.py")} - {"live"}
LATE = {
    "db/store/session.py": {"db.store.migration"},
    "engine/backends/load.py": {"engine.backends.openvino"},
    "engine/reports/quality.py": {"jinja2"},
    "engine/reports/run.py": {"jinja2"},
    "gui/app.py": {f"gui.pages.{page}.page" for page in PAGES},
    "gui/widgets/charts/trend.py": {"gui.widgets.charts.yield_plot"},
}


def stand_ins(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Name in the file → module it stands for, of every `name = Late("module")`, alone or in a row."""
    found = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            targets, values = [node.targets[0]], [node.value]
            if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                targets, values = node.targets[0].elts, node.value.elts
            for target, value in zip(targets, values, strict=True):
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Late":
                    assert isinstance(target, ast.Name)
                    assert isinstance(value.args[0], ast.Constant)
                    found[target.id] = str(value.args[0].value)
    return found


def typed(block: list[ast.stmt]) -> dict[str, str]:
    """Name → module, of the imports in an `if TYPE_CHECKING:`."""
    found = {}
    for node in block:
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_who_reads_a_module_late_is_listed_here_and_names_one_that_is_there() -> None:
    found = {path.relative_to(ROOT).as_posix(): set(stand_ins(nodes_in(path, "Late")).values()) for path in SOURCES}
    assert {path: names for path, names in found.items() if names} == LATE
    assert all(find_spec(name) is not None for names in LATE.values() for name in names)


def test_each_stand_in_has_the_plain_import_of_its_module_beside_it() -> None:
    for path in map(Path, LATE):
        nodes = nodes_in(ROOT / path)
        tree = nodes[0]
        assert isinstance(tree, ast.Module)
        asked = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
        assert len(asked) == 1, path
        late = stand_ins(ast.walk(ast.Module(asked[0].orelse, [])))
        assert late == stand_ins(nodes), path
        assert late.items() <= typed(asked[0].body).items(), path


def test_nothing_here_needs_the_import_hook_that_the_window_takes_away() -> None:
    for path in SOURCES:
        asked = {node.module for node in nodes_in(path, "__feature__") if isinstance(node, ast.ImportFrom)}
        assert "__feature__" not in asked, path
