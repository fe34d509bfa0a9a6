"""Background work: a few threads of our own, callbacks on the GUI thread, one bounded shutdown."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThread, Signal
from shiboken6 import isValid

from engine.system.threads import lower_priority

log = logging.getLogger(__name__)

T = TypeVar("T")
P = TypeVar("P")
Failed = Callable[[Exception], None]


class Job:
    """One piece of work under way. `cancel` asks; the work looks at `cancelled` where it can stop."""

    def __init__(self, *, endless: bool = False) -> None:
        self._cancel = threading.Event()
        self.endless = endless
        """It goes on until it is cancelled: nobody waits for it."""

    def cancel(self) -> None:
        """Ask the work to stop; its callbacks are not called any more."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        """True once asked to stop, by `cancel` or by the shutdown."""
        return self._cancel.is_set()


class Jobs(QObject):
    """Runs work beside the GUI thread and calls back on it. Make it on the GUI thread."""

    failed = Signal(object)
    """An exception nobody else took care of (Exception); the application shows it as a notice."""
    _landed = Signal(object)

    def __init__(self, parent: QObject | None = None, threads: int = 3) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._threads: list[threading.Thread] = []
        self._under_way: set[Job] = set()
        self._closed = False
        self._landed.connect(self._land)

    @property
    def busy(self) -> int:
        """How many jobs are under way that end by themselves."""
        return sum(not job.endless for job in self._under_way)

    def run(self, work: Callable[[], T], done: Callable[[T], None], failed: Failed | None = None) -> Job:
        """Do short `work` (a query, a file, a model to load) on the pool; then `done(result)` on the GUI thread.

        When it raises, `failed(exception)` is called instead, or the `failed` signal emitted where none is given.
        """
        job = Job()
        if not self._closed:
            self._under_way.add(job)
            self._pool.submit(self._work, job, work, done, failed)
        return job

    def stream(
        self,
        work: Callable[[Job, Callable[[P], None]], T],
        progress: Callable[[P], None],
        done: Callable[[T], None],
        failed: Failed | None = None,
        *,
        endless: bool = False,
    ) -> Job:
        """Do long `work(job, report)` on a thread of its own; each `report(x)` becomes `progress(x)` on the GUI thread.

        The line goes first: neither the thread nor what it starts has the priority of one that judges parts.
        The work must look at `job.cancelled` at least every 200 ms. `endless`: it only ends when it is cancelled.
        """
        job = Job(endless=endless)

        def report(item: P) -> None:
            self._landed.emit((job, progress, item))

        if not self._closed:
            self._under_way.add(job)
            self._threads = [t for t in self._threads if t.is_alive()]
            args = (job, lambda: work(job, report), done, failed)
            thread = threading.Thread(target=self._work_behind, args=args, name="job-stream", daemon=True)
            self._threads.append(thread)
            thread.start()
        return job

    def shutdown(self, timeout: float = 10.0) -> bool:
        """Cancel what runs, wait for its threads; False if one did not end within `timeout` seconds."""
        self._closed = True
        for job in tuple(self._under_way):
            job.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + timeout
        pool = [t for t in threading.enumerate() if t in getattr(self._pool, "_threads", ())]
        for thread in (*self._threads, *pool):
            thread.join(max(0.0, until - time.monotonic()))
        return not any(t.is_alive() for t in (*self._threads, *pool))

    def _work_behind(self, *args: Any) -> None:
        lower_priority()
        self._work(*args)

    def _work(self, job: Job, work: Callable[[], Any], done: Callable[[Any], None], failed: Failed | None) -> None:
        call: Callable[[Any], None]
        try:
            call, item = done, work()
        except Exception as error:
            log.info("a job failed: %s", error)
            call, item = failed or self.failed.emit, error
        self._landed.emit((job, call, item, True))

    def _land(self, parcel: tuple[Any, ...]) -> None:
        assert QThread.currentThread() is self.thread()
        job, call, item = parcel[:3]
        if len(parcel) == 4:
            self._under_way.discard(job)
        if not (self._closed or job.cancelled or _gone(call)):
            call(item)


def _gone(call: Callable[[Any], None]) -> bool:
    """Whether the callback belongs to a widget that was deleted: of a window that was built anew."""
    owner = getattr(call, "__self__", None)
    return isinstance(owner, QObject) and not isValid(owner)
