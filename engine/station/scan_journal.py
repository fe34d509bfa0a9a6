"""The journal of a scan: what was ordered and which pictures are done, so that a scan goes on after a crash.

`<folder>/<id>/journal.jsonl`: a first line with the plan, then one line a finished picture, appended and flushed after
its inspection is committed; a last line once the scan is through. What is in the journal is in the database; what is
in the database only (the program died between the two) is found by `settle`. Who writes it holds its lock, which the
system lets go with the program, however that ends: two programs would judge every picture twice.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from engine.domain.inspection import Frame, Inspection, Prediction, new_id, utc_now
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import InputError, LinesideError, StorageError
from engine.images.listing import LeftOut, Why
from engine.names import path_of
from engine.sources.files.picked import PickedFolder, Stamp, below, stamp_of
from engine.station.recorder import Recorder

log = logging.getLogger(__name__)

SCHEMA = 1
NAME = "journal.jsonl"
LOCK = "running.lock"
MAX_BYTES = 1 << 30
KEPT = 10
"""So many journals at most; older ones are forgotten when a scan begins."""


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """What a scan was ordered to do, and what it was done with."""

    folder: str
    """Escaped, as every name is (engine.names); so are `model` and `recipe`."""
    recursive: bool
    model: str
    """As it was chosen: a version, or empty = the active one."""
    recipe: str
    """As it was chosen: a recipe's file, or empty = the model's own limits."""
    review_band: bool
    version: str
    """The model that judges."""
    digest: str
    """Of the recipe that judges."""
    named: str = ""
    """Model and recipe in words."""
    begun_at: datetime = field(default_factory=utc_now)
    saving: SavingPolicy | None = None
    """Which pictures are kept, where it was chosen; None = as the recipe says."""
    product: str = ""
    """The name of the product; empty in journals of before there were products."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished picture: its path below the folder (with /), its stamp when it was read, its inspection."""

    path: str
    stamp: Stamp
    id: str


@dataclass(frozen=True, slots=True)
class Journalled:
    """A journal as it was read. `entries` by path: of a picture judged twice, the later one."""

    folder: Path
    plan: ScanPlan
    total: int
    entries: dict[str, Entry]
    ended: bool
    left_out: tuple[LeftOut, ...] = ()
    """What the folder held besides its pictures when the scan ended; empty before, and in older journals."""


class Journal:
    """Writes one journal; made on disk with the first entries, so that a scan that never began leaves none.

    One thread at a time. A disk that fails costs the journal, not the scan: `tell` is called once.
    """

    def __init__(self, folder: Path, plan: ScanPlan, tell: Callable[[LinesideError], None] | None = None) -> None:
        self.folder, self.plan = folder, plan
        self.tell = tell
        self._file: IO[str] | None = None
        self._lock = FileLock(folder / LOCK, thread_local=False)
        self._broken = False

    def claim(self) -> None:
        """Before one goes on with it. Raises InputError where another program, or this one, writes it now."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise InputError(
                f"The scan of {self.plan.folder} is still running.", "Wait for its end, or stop it where it runs."
            ) from error
        except OSError as error:
            raise StorageError(f"{self.folder} cannot be written: {error}.", "Allow writing there.") from error

    def append(self, entries: Sequence[Entry], total: int) -> None:
        """These are done; `total` pictures in all."""
        lines = [{"path": e.path, "size": e.stamp[0], "mtime_ns": e.stamp[1], "id": e.id} for e in entries]
        if lines:
            self._write(lines, total)

    def end(self, total: int, left_out: Sequence[LeftOut] = ()) -> None:
        """The scan is through: nothing is left to go on with. `left_out`: what lies in its folder besides."""
        root = Path(self.plan.folder)
        names = [[below(left.name, root), left.why] for left in left_out]
        self._write([{"ended": True, **({"left_out": names} if names else {})}], total)

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()

    def _write(self, lines: Sequence[dict[str, Any]], total: int) -> None:
        if self._broken:
            return
        try:
            if self._file is None:
                self._file = self._open(total)
            self._file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
            self._file.flush()
        except OSError as error:
            self._broken = True
            log.error("the journal of the scan: %s", error)
            if self.tell is not None:
                self.tell(
                    StorageError(
                        f"The journal of the scan cannot be written: {error.strerror or error}.",
                        "The scan goes on; after a crash it must start anew.",
                    )
                )

    def _open(self, total: int) -> IO[str]:
        path = self.folder / NAME
        if path.exists():
            _cut_torn_line(path)
            return path.open("a", encoding="utf-8")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.claim()
        file = path.open("w", encoding="utf-8")
        plan = asdict(self.plan) | {"begun_at": self.plan.begun_at.isoformat()}
        file.write(json.dumps({"schema": SCHEMA, "total": total, **plan}, ensure_ascii=False) + "\n")
        return file


class Journalling:
    """A recorder around another one: what that has committed, the journal says."""

    def __init__(self, inner: Recorder, journal: Journal, source: PickedFolder) -> None:
        self._inner, self._journal, self._source = inner, journal, source
        self._waiting: list[tuple[str, str]] = []

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        """Take one inspection. Raises StorageError."""
        # Before: the inner one keeps what it could not commit, and commits it with the next flush.
        self._waiting.append((below(inspection.frame.name, self._source.folder), inspection.id))
        self._inner(inspection, recipe, frame, prediction)

    def flush(self) -> None:
        """Commit, then write the journal. Raises StorageError."""
        self._inner.flush()
        waiting, self._waiting = self._waiting, []
        self._journal.append([Entry(path, self._source.stamp(path), id) for path, id in waiting], self.total)

    @property
    def total(self) -> int:
        """Pictures in all."""
        return self._source.total or 0


def new_journal(root: Path, plan: ScanPlan, tell: Callable[[LinesideError], None] | None = None) -> Journal:
    """The journal of a scan that begins; those of the same folder, ended ones and all but KEPT are forgotten.

    Not those that another program is still writing.
    """
    for place, found in enumerate(journals(root)):
        old = found.ended or found.plan.folder == plan.folder or place >= KEPT - 1
        if old and not is_running(found.folder):
            forget(found.folder)
    return Journal(root / new_id(plan.begun_at), plan, tell)


def journals(root: Path) -> list[Journalled]:
    """Every journal that can be read, the newest first. Blocking."""
    found = []
    for folder in sorted((path for path in root.glob("*") if (path / NAME).is_file()), reverse=True):
        try:
            found.append(read_journal(folder))
        except InputError as error:
            log.warning("%s", error)
    return found


def read_journal(folder: Path) -> Journalled:
    """A journal as far as it was written; a torn last line does not count. Raises InputError."""
    path = folder / NAME
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is larger than 1 GB")
        with path.open(encoding="utf-8") as file:
            plan, total = _plan(json.loads(file.readline()))
            entries, ended, left_out = _entries(file, path_of(plan.folder))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"The journal {path} cannot be used: {error}.", "Start the scan anew; what was judged is stored."
        ) from error
    return Journalled(folder, plan, total, entries, ended, left_out)


def is_running(folder: Path) -> bool:
    """Whether a program writes this journal now."""
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def forget(folder: Path) -> None:
    """Delete a journal; the inspections stay."""
    shutil.rmtree(folder, ignore_errors=True)


def settle(found: Journalled, stored: Iterable[Inspection]) -> tuple[list[Inspection], dict[str, Entry], list[Entry]]:
    """What of a scan is really done: the inspections in their order, the entries by path, those the journal lacks.

    `stored`: what the database has of this folder, model and recipe since the scan began, oldest first. An entry
    without its inspection does not count. An inspection without its entry (a crash between commit and journal) does,
    unless its file changed after it was read.
    """
    root = path_of(found.plan.folder)
    known = {entry.id: entry for entry in found.entries.values()}
    done: dict[str, tuple[Inspection, Entry]] = {}
    missing: list[Entry] = []
    for inspection in stored:
        path = below(inspection.frame.name, root)
        entry = known.get(inspection.id)
        if entry is None:
            if path in found.entries:
                continue
            stamp = stamp_of(path_of(inspection.frame.name))
            if stamp[0] < 0 or stamp[1] / 1e9 > inspection.frame.captured_at.timestamp():
                continue
            entry = Entry(path, stamp, inspection.id)
            missing.append(entry)
        done[path] = (inspection, entry)
    entries = {path: entry for path, (_, entry) in done.items()}
    return [inspection for inspection, _ in done.values()], entries, [e for e in missing if entries[e.path] is e]


def _plan(line: Any) -> tuple[ScanPlan, int]:
    if line["schema"] != SCHEMA:
        raise ValueError("it was written by another version of Lineside")
    texts = {key: line[key] for key in ("folder", "model", "recipe", "version", "digest", "named")}
    texts["product"] = line.get("product", "")
    if not all(isinstance(value, str) for value in texts.values()):
        raise ValueError("its first line is damaged")
    at = datetime.fromisoformat(line["begun_at"])
    if at.tzinfo is None:
        raise ValueError("its time has no zone")
    kept = line.get("saving")
    saving = None if kept is None else SavingPolicy(bool(kept["defects"]), int(kept["every_ok"]))
    plan = ScanPlan(
        **texts, recursive=bool(line["recursive"]), review_band=bool(line["review_band"]), begun_at=at, saving=saving
    )
    return plan, int(line["total"])


def _entries(file: IO[str], root: Path) -> tuple[dict[str, Entry], bool, tuple[LeftOut, ...]]:
    entries: dict[str, Entry] = {}
    left_out: tuple[LeftOut, ...] = ()
    ended = False
    for text in file:
        if not text.endswith("\n"):
            break
        line = json.loads(text)
        if "ended" in line:
            ended = True
            left_out = tuple(LeftOut(path_of(root / name), Why(why)) for name, why in line.get("left_out", ()))
            continue
        entry = Entry(str(line["path"]), (int(line["size"]), int(line["mtime_ns"])), str(line["id"]))
        entries[entry.path] = entry
        ended, left_out = False, ()
    return entries, ended, left_out


def _cut_torn_line(path: Path) -> None:
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end < len(data):
        with path.open("r+b") as file:
            file.truncate(end)
