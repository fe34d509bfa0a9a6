"""What a shard came to: read from pytest's report, kept for this state of the checkout, told in docs/results.md."""

from __future__ import annotations

import hashlib
import json
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.prove.shards import Shard

BEGIN, END = "<!-- make prove RECORD=1 writes from here -->", "<!-- to here -->"
RESULTS = "docs/results.md"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of one shard."""

    shard: str
    seconds: float
    passed: int
    failed: int
    skipped: int

    @property
    def whole(self) -> bool:
        """Something ran, and nothing of it failed."""
        return self.passed > 0 and not self.failed

    def __str__(self) -> str:
        words = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"{self.shard}: {words}, {self.seconds / 60:.1f} min"


def read_report(shard: str, report: Path, seconds: float) -> Outcome:
    """From pytest's JUnit file; where it wrote none it was cut off, which is a failure."""
    if not report.exists():
        return Outcome(shard, seconds, 0, 1, 0)
    suite = ElementTree.parse(report).getroot().find("testsuite")
    counts = {name: int((suite.get(name) if suite is not None else "") or 0) for name in ("tests", "skipped")}
    failed = sum(int((suite.get(name) if suite is not None else "") or 0) for name in ("failures", "errors"))
    return Outcome(shard, seconds, counts["tests"] - counts["skipped"] - failed, failed, counts["skipped"])


def state_of(root: Path) -> str:
    """Names the commit, and what differs from it: a changed file makes every shard unfinished. Empty: no checkout."""
    head = _git(root, "rev-parse", "HEAD")
    if not head:
        return ""
    here = ("--", ".", f":!{RESULTS}")
    changed = _git(root, "diff", "--binary", "HEAD", *here)
    for name in _git(root, "ls-files", "--others", "--exclude-standard", "-z", *here).decode().split("\0"):
        if name:
            changed += name.encode() + (root / name).read_bytes()
    mark = f"-{hashlib.sha256(changed).hexdigest()[:12]}" if changed else ""
    return head.decode().strip()[:12] + mark


def _git(root: Path, *words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else b""


class Memory:
    """The outcomes of one state of the checkout, a file a shard."""

    def __init__(self, folder: Path, state: str) -> None:
        self.state = state
        self._folder = folder / state if state else None

    def recall(self, shard: str) -> Outcome | None:
        """What it came to, where it ran; None where it did not, or where nothing tells one state from another."""
        path = self._folder / f"{shard}.json" if self._folder else None
        return Outcome(**json.loads(path.read_text(encoding="utf-8"))) if path and path.exists() else None

    def keep(self, outcome: Outcome) -> None:
        """For the next `make prove`."""
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{outcome.shard}.json").write_text(json.dumps(asdict(outcome)), encoding="utf-8")


def table(shards: Sequence[Shard], memory: Memory, machine: str) -> str:
    """The section of docs/results.md."""
    lines = [f"`make prove` at {memory.state} ({machine}):", "", "| shard | proves | outcome |", "|---|---|---|"]
    for shard in shards:
        found = memory.recall(shard.name)
        lines.append(f"| {shard.name} | {shard.proves} | {_words(found)} |")
    return "\n".join(lines)


def _words(outcome: Outcome | None) -> str:
    return str(outcome).partition(": ")[2] if outcome else "not run"


def record(path: Path, text: str) -> None:
    """Put the section between its marks."""
    whole = path.read_text(encoding="utf-8")
    if whole.count(BEGIN) != 1 or whole.count(END) != 1:
        raise SystemExit(f"{path} needs the lines {BEGIN} and {END} once each")
    before, rest = whole.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
