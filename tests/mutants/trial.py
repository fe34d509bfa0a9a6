"""One mutant tried: a copy of the checkout with the fault in it, and the tests that enter the mutated line."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests import ROOT
from tests.mutants.groups import Group
from tests.mutants.operators import Mutant

MOST_TESTS = 60
"""So many tests are asked at the most; those that enter the fewest files first, for they say most of the line."""
TIMEOUT_S = 300
"""Of one mutant; a test that hangs has noticed."""
QUIET = ("-q", "-x", "-n0", "-p", "no:cacheprovider")


def environment(root: Path) -> dict[str, str]:
    """For a child that runs the tests of another checkout."""
    return os.environ | {"PYTHONPATH": str(root), "QT_QPA_PLATFORM": "offscreen"}


def sandbox(folder: Path) -> Path:
    """A copy of the checkout's tracked files, its resources linked."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if not name.startswith(("resources/", "docs/")) or name.endswith(".py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name in (
        "docs",
        *(path.relative_to(ROOT).as_posix() for path in (ROOT / "resources").iterdir() if path.is_dir()),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(ROOT / name)
    return folder


class Entered:
    """Which tests enter which line, measured once for a group."""

    def __init__(self, group: Group, data: Path) -> None:
        self._data = data
        if not data.exists():
            _measure(group, data)
        with sqlite3.connect(data) as db:
            rows = db.execute(
                "SELECT file.path, context.context, line_bits.numbits FROM line_bits "
                "JOIN file ON file.id = line_bits.file_id JOIN context ON context.id = line_bits.context_id"
            ).fetchall()
        self._tests: dict[tuple[str, int], set[str]] = {}
        self._reached: set[tuple[str, int]] = set()
        self._of_file: dict[str, set[str]] = {}
        self._width: dict[str, int] = {}
        for path, context, bits in rows:
            file, test = Path(path).relative_to(ROOT).as_posix(), context.partition("|")[0]
            places = {(file, line) for line in _lines(bits)}
            self._reached |= places
            if test:
                self._width[test] = self._width.get(test, 0) + 1
                self._of_file.setdefault(file, set()).add(test)
                for place in places:
                    self._tests.setdefault(place, set()).add(test)

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that enter the mutant's line, narrowest first; the file's where only an import runs it."""
        place = (mutant.path, mutant.line)
        found = self._tests.get(place) or (self._of_file.get(mutant.path, set()) if place in self._reached else set())
        return sorted(found, key=lambda test: (self._width[test], test))[:MOST_TESTS]

    def share(self, paths: Iterable[str]) -> float:
        """Share of the lines with code that the tests run, 0…1."""
        entered = total = 0
        for path in paths:
            lines = _statements((ROOT / path).read_text(encoding="utf-8"), path)
            total += len(lines)
            entered += sum((path, line) in self._reached for line in lines)
        return entered / max(1, total)


def _measure(group: Group, data: Path) -> None:
    data.parent.mkdir(parents=True, exist_ok=True)
    tests = [test for test in group.tests if (ROOT / test).exists()]
    sources = sorted({Path(path).parts[0] for path in group.files()})
    command = [sys.executable, "-m", "pytest", *QUIET[:1], *QUIET[2:], "--cov-context=test", "--cov-report=", *tests]
    command += [f"--cov={source}" for source in sources]
    subprocess.run(command, cwd=ROOT, env=environment(ROOT) | {"COVERAGE_FILE": f"{data}.new"}, check=True)
    Path(f"{data}.new").rename(data)


def _lines(bits: bytes) -> list[int]:
    return [8 * byte + bit for byte, value in enumerate(bits) for bit in range(8) if value & (1 << bit)]


def _statements(source: str, path: str) -> set[int]:
    """The lines that the compiler made code of."""
    found: set[int] = set()
    codes = [compile(source, path, "exec")]
    while codes:
        code = codes.pop()
        found.update(line for *_, line in code.co_lines() if line)
        codes += [constant for constant in code.co_consts if hasattr(constant, "co_lines")]
    return found


def noticed(mutant: Mutant, tests: list[str], root: Path) -> bool:
    """Whether a test fails on the mutant; `root` is a sandbox, which is as it was afterwards."""
    if not tests:
        return False
    place, source = root / mutant.path, (ROOT / mutant.path).read_text(encoding="utf-8")
    place.write_text(mutant.applied(source), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", *QUIET, *tests]
        done = subprocess.run(
            command, cwd=root, env=environment(root), capture_output=True, timeout=TIMEOUT_S, check=False
        )
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_text(source, encoding="utf-8")
