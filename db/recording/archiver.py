"""Writes pictures on a thread of its own, so that no verdict waits for a file."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db.images.archive import Archive
from db.inspections.table import PictureMark
from engine.errors import LinesideError
from engine.system.threads import lower_priority

log = logging.getLogger(__name__)

MAX_WAITING_BYTES = 256 * 1024**2
"""Pixels that may wait for the disk; beyond, the line waits with them. Nothing is dropped."""
BATCH = 16
"""Files written before their folder is synced and their rows are marked, while more of them wait."""
REST_S = 0.5
"""After so long without work the thread ends; the next picture starts another one."""
SLICE_S = 0.2


@dataclass(frozen=True, slots=True)
class Task:
    """A promised picture (Archive.promise) with its heat map, and how many bytes of pixels it holds in memory."""

    inspection_id: str
    image: str
    heat: str | None
    bytes: int


class Archiver:
    """Takes promised pictures and writes them in order; what became of each is fetched with `marks`.

    `at_rest` is called on its thread when nothing is left to do, `tell` at the first of failures in a row.
    """

    def __init__(
        self,
        archive: Archive,
        at_rest: Callable[[], None],
        tell: Callable[[LinesideError], None],
        *,
        limit: int = MAX_WAITING_BYTES,
    ) -> None:
        self._archive, self._at_rest, self._tell, self._limit = archive, at_rest, tell, limit
        self._changed = threading.Condition()
        self._waiting: deque[Task] = deque()
        self._written: list[PictureMark] = []
        self._marks: list[PictureMark] = []
        self._chore: Callable[[], None] | None = None
        self._bytes = 0
        self._hurried = self._failing = self._full = False
        self._thread: threading.Thread | None = None

    # ── from any thread ──────────────────────────────────────────────────────────────────────────────────────────
    def put(self, task: Task) -> None:
        """Have it written. Waits while too many bytes wait already, and says so in the log once."""
        with self._changed:
            while self._bytes and self._bytes + task.bytes > self._limit:
                if not self._full:
                    self._full = True
                    log.warning("the line waits for the picture archive: %.0f MB are unwritten", self._bytes / 1e6)
                self._changed.wait(SLICE_S)
            self._bytes += task.bytes
            self._waiting.append(task)
            self._stir()

    def spare(self, chore: Callable[[], None]) -> None:
        """Have this done between two pictures; a chore that waits already is replaced."""
        with self._changed:
            self._chore = chore
            self._stir()

    def wait(self, timeout: float | None = None) -> bool:
        """True when everything taken so far is written or lost; False after `timeout` seconds."""
        ends = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._waiting or self._written:
                if ends is not None and time.monotonic() >= ends:
                    return False
                self._hurried = True
                self._changed.notify_all()
                self._changed.wait(SLICE_S)
        return True

    def join(self, timeout: float) -> bool:
        """Wait until its thread has ended, as it does when there is nothing left to do; False after `timeout` s."""
        with self._changed:
            self._hurried, thread = True, self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def marks(self) -> tuple[PictureMark, ...]:
        """What became of the pictures since `marked`; their rows say pending until this is stored."""
        with self._changed:
            return tuple(self._marks)

    def marked(self, count: int) -> None:
        """The first `count` of `marks` are stored."""
        with self._changed:
            del self._marks[:count]

    def _stir(self) -> None:
        if self._thread is None:
            self._hurried = False
            self._thread = threading.Thread(target=self._run, name="archiver", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    # ── on its thread ────────────────────────────────────────────────────────────────────────────────────────────
    def _run(self) -> None:
        lower_priority()
        while True:
            task, chore = self._next()
            if task is not None:
                self._write(task)
            if task is None or len(self._written) >= BATCH:
                self._settle()
            if chore is not None:
                self._try(chore)
            elif task is None:
                self._try(self._at_rest)
                with self._changed:
                    if not self._waiting and self._chore is None:
                        self._thread, self._full = None, False
                        return

    def _next(self) -> tuple[Task | None, Callable[[], None] | None]:
        """What to do next; neither when there was nothing to do for a while."""
        ends = time.monotonic() + REST_S
        with self._changed:
            while not self._waiting and self._chore is None:
                left = ends - time.monotonic()
                if left <= 0 or self._hurried:
                    break
                self._changed.wait(min(left, SLICE_S))
            chore, self._chore = self._chore, None
            return self._waiting[0] if self._waiting else None, chore

    def _write(self, task: Task) -> None:
        mark = self._kept(task)
        with self._changed:
            self._waiting.popleft()
            self._bytes -= task.bytes
            (self._marks if mark.lost else self._written).append(mark)
            self._changed.notify_all()

    def _kept(self, task: Task) -> PictureMark:
        paths = [path for path in (task.image, task.heat) if path is not None]
        try:
            image, *heat = [self._archive.keep(path) for path in paths]
        except LinesideError as error:
            return self._lost(task, paths, error)
        except Exception as error:
            log.exception("a picture was not archived because of a bug")
            bug = LinesideError(f"The picture could not be archived ({error}).", "Report this.")
            return self._lost(task, paths, bug)
        self._failing = False
        return PictureMark(task.inspection_id, task.image, image, task.heat, heat[0] if heat else None)

    def _lost(self, task: Task, paths: Sequence[str], error: LinesideError) -> PictureMark:
        for path in paths:
            self._archive.drop(path)
        log.error("picture of %s lost: %s", task.inspection_id, error)
        if not self._failing:
            self._tell(error)
        self._failing = True
        return PictureMark(task.inspection_id, lost=error.message)

    def _settle(self) -> None:
        """Only what no power cut can take back is marked as kept."""
        paths = [path for mark in self._written for path in (mark.image, mark.heat) if path is not None]
        self._try(lambda: self._archive.settle(paths))
        with self._changed:
            self._marks += self._written
            self._written = []
            self._changed.notify_all()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except LinesideError as error:
            log.error("%s", error)
            self._tell(error)
