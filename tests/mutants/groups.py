"""Which code is mutated and which tests are asked: what a verdict, a record and a lesson depend on most."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT


@dataclass(frozen=True, slots=True)
class Group:
    """Patterns of source files, and the tests that may kill their mutants."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    without_qt: bool = False
    """Only modules that import no Qt."""

    def files(self, root: Path = ROOT) -> list[str]:
        """The source files, relative to the checkout."""
        found = sorted(
            {path for pattern in self.sources for path in root.glob(pattern)} - set(root.rglob("__init__.py"))
        )
        return [path.relative_to(root).as_posix() for path in found if not self.without_qt or not _knows_qt(path)]


def _knows_qt(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = (n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom))
    return any(name.split(".")[0] in {"PySide6", "pyqtgraph"} for name in named)


GROUPS = (
    Group(
        "runs",
        ("db/runs/*.py", "engine/station/loop.py", "engine/station/in_flight.py", "engine/station/intake.py"),
        (
            "tests/db/runs",
            "tests/unit/engine/station",
            "tests/e2e/test_commands.py",
            "tests/gui/pages/scan",
            "tests/gui/line",
        ),
    ),
    Group(
        "judge",
        ("engine/verdicts/*.py", "engine/gate/*.py", "engine/statistics/mistakes.py"),
        ("tests/unit/engine/verdicts", "tests/unit/engine/gate", "tests/unit/engine/statistics", "tests/db/runs"),
    ),
    Group("presenters", ("gui/pages/**/*.py",), ("tests/unit/gui/pages", "tests/gui/pages"), without_qt=True),
    Group("readers", ("trainer/formats/**/*.py",), ("tests/unit/trainer/formats", "tests/unit/trainer/data")),
)
