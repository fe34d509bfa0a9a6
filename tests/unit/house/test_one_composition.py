"""A run that records is put together in one room: whoever builds a second station or recorder is found here."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import pytest

from tests import ROOT
from tests.house.sources import SOURCES, nodes_in, nodes_of

PARTS = {
    ("engine.station.loop", "Station"): {"db/runs/line.py", "db/runs/scan.py"},
    ("db.recording.recorder", "Recorder"): {"db/runs/line.py", "db/runs/scan.py"},
    ("engine.station.scan_journal", "Journalling"): {"db/runs/scan.py"},
    ("db.runs.gallery", "Gallery"): {"db/runs/line.py", "db/runs/scan.py"},
    # Two programs that scan a folder would not leave out the same pictures.
    ("engine.sources.files.picked", "PickedFolder"): {"db/runs/scan.py"},
}
"""What a recording run is made of, and where it may be made: a run of the line, a scan. Nowhere else."""


def made_in(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """The modules and names of PARTS that this code calls, under whatever name it imported them."""
    names: dict[str, tuple[str, str]] = {}
    modules: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                names[alias.asname or alias.name] = (node.module or "", alias.name)
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            found = names.get(node.func.id)
        elif isinstance(node.func, ast.Attribute):
            found = (modules.get(ast.unparse(node.func.value), ""), node.func.attr)
        else:
            found = None
        if found in PARTS:
            yield found


def test_a_recording_run_is_composed_in_db_runs_alone() -> None:
    made: dict[tuple[str, str], set[str]] = {part: set() for part in PARTS}
    for path in SOURCES:
        for part in made_in(nodes_in(path, *(name for _, name in PARTS))):
            made[part].add(path.relative_to(ROOT).as_posix())
    assert made == PARTS


@pytest.mark.parametrize(
    "second",
    [
        "from engine.station.loop import Station\nStation(1)",
        "from engine.station.loop import Station as Line\nLine(1)",
        "from engine.station import loop\nloop.Station(1)",
        "import engine.station.loop as loop\ndef f():\n    loop.Station(1)",
        "import engine.station.loop\nengine.station.loop.Station(1)",
    ],
)
def test_a_second_composition_is_found_under_any_name(second: str) -> None:
    assert list(made_in(nodes_of(second))) == [("engine.station.loop", "Station")]


def test_another_class_of_that_name_is_none() -> None:
    assert list(made_in(nodes_of("from engine.station.recorder import Recorder\nRecorder()\nstation.Station()"))) == []
