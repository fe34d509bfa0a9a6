"""One mutant tried: a copy of the checkout with the fault in it, and the tests that enter the mutated line."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType

from tests import ROOT
from tests.mutants.groups import Group
from tests.mutants.operators import Mutant

AT_ONCE = 60
"""So many tests are asked by one process, those that enter the fewest files first: they say most of the line."""
TIMEOUT_S = 300
"""Of one such process; a test that hangs has noticed."""
UNUSABLE = 4
"""From this exit status on pytest could not run what was asked; below it something failed."""
QUIET = ("-q", "-n0", "-p", "no:cacheprovider")


def environment(root: Path) -> dict[str, str]:
    """For a child that runs the tests of another checkout."""
    return os.environ | {"PYTHONPATH": str(root), "QT_QPA_PLATFORM": "offscreen"}


def sandbox(folder: Path) -> Path:
    """A copy of the checkout's files, new ones too, its resources linked."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        linked = name.startswith(("resources/", "docs/")) and not name.endswith(".py")
        if not linked and (ROOT / name).is_file():
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
    """Which tests enter which line, measured once for a group, in a sandbox: there they must all pass."""

    def __init__(self, group: Group, data: Path, root: Path) -> None:
        if not data.exists():
            _measure(group, data, root)
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
            file, test = Path(path).as_posix(), asked_in(context)
            places = {(file, line) for line in _lines(bits)}
            self._reached |= places
            if test:
                self._width[test] = self._width.get(test, 0) + 1
                self._of_file.setdefault(file, set()).add(test)
                for place in places:
                    self._tests.setdefault(place, set()).add(test)

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that enter the mutant's line, the narrowest first.

        Where an import runs the line, those of the file and of the files that import from it.
        """
        inside, imported = _statements(_source(mutant.path), mutant.path)
        line = max((n for n in inside | imported if n <= mutant.line), default=mutant.line)
        if line in imported and (mutant.path, line) in self._reached:
            files = [mutant.path, *_importers(mutant.path, self._of_file)]
            found = set().union(*(self._of_file.get(file, set()) for file in files))
        else:
            found = self._tests.get((mutant.path, line), set())
        return sorted(found, key=lambda test: (self._width[test], test))

    def share(self, paths: Iterable[str]) -> float:
        """Share of the lines with code that the tests run, 0…1."""
        entered = total = 0
        for path in paths:
            lines = set().union(*_statements(_source(path), path))
            total += len(lines)
            entered += sum((path, line) in self._reached for line in lines)
        return entered / max(1, total)


def asked_in(context: str) -> str:
    """The test that coverage's context `test|phase` names; a test's own parameters may hold such a stroke."""
    return context.rpartition("|")[0]


def _importers(path: str, files: Iterable[str]) -> list[str]:
    module = re.escape(path.removesuffix(".py").replace("/", "."))
    return [file for file in files if re.search(rf"^from {module} import", _source(file), re.MULTILINE)]


@cache
def _source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _measure(group: Group, data: Path, root: Path) -> None:
    data.parent.mkdir(parents=True, exist_ok=True)
    (root / ".coveragerc").write_text("[run]\nrelative_files = True\n", encoding="utf-8")
    tests = [test for test in group.tests if (root / test).exists()]
    sources = sorted({Path(path).parts[0] for path in group.files()})
    command = [*_pytest(tests), "--cov-context=test", "--cov-report=", "--cov-config=.coveragerc"]
    command += [f"--cov={source}" for source in sources]
    subprocess.run(command, cwd=root, env=environment(root) | {"COVERAGE_FILE": f"{data}.new"}, check=True)
    Path(f"{data}.new").rename(data)


def _pytest(tests: Sequence[str], *more: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *QUIET, *more, *tests]


def _lines(bits: bytes) -> list[int]:
    return [8 * byte + bit for byte, value in enumerate(bits) for bit in range(8) if value & (1 << bit)]


@cache
def _statements(source: str, path: str) -> tuple[frozenset[int], frozenset[int]]:
    """The lines that the compiler made code of: in functions, and those that an import runs."""
    inside: set[int] = set()
    imported: set[int] = set()
    for code in _codes(compile(source, path, "exec")):
        function = bool(code.co_flags & inspect.CO_OPTIMIZED)
        (inside if function else imported).update(line for *_, line in code.co_lines() if line)
    return frozenset(inside - imported), frozenset(imported)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def noticed(mutant: Mutant, tests: Sequence[str], root: Path) -> bool:
    """Whether a test fails on the mutant; `root` is a sandbox, which is as it was afterwards."""
    return any(_fails(mutant, tests[n : n + AT_ONCE], root) for n in range(0, len(tests), AT_ONCE))


def _fails(mutant: Mutant, tests: Sequence[str], root: Path) -> bool:
    place, source = root / mutant.path, _source(mutant.path)
    _write(place, mutant.applied(source))
    try:
        status = _status(_pytest(tests, "-x"), root)
    except subprocess.TimeoutExpired:
        return True
    finally:
        _write(place, source)
    if status >= UNUSABLE and _status(_pytest(tests, "--collect-only"), root):
        raise RuntimeError(f"{tests[0]} and others cannot be asked: the mutant is not why.")
    return status != 0


def _status(command: Sequence[str], root: Path) -> int:
    done = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, timeout=TIMEOUT_S, check=False)
    return done.returncode


def _write(place: Path, source: str) -> None:
    """The source, and nothing compiled from another one of the same length and second."""
    place.write_text(source, encoding="utf-8")
    Path(cache_from_source(str(place))).unlink(missing_ok=True)
