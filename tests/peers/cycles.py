"""A whole station on the fake GigE Vision camera: killed and brought back again and again, and steady at full size."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from db.inspections.table import Filter, Sort, page
from db.recording.recorder import Recorder
from db.store.session import open_database
from engine import events
from engine.backends.load import load_model
from engine.domain.inspection import Inspection, Origin, Outcome, Traveller, Value, utc_now
from engine.domain.recipe import CameraSetup, SavingPolicy
from engine.recipes.file import default_recipe, with_saving
from engine.sources.catalogue import open_source
from engine.sources.supervisor import SourceState
from engine.station.loop import Station
from tests.packages import write_tiny_package
from tests.peers.gige import FakeGigE
from tests.peers.stopwatch import Stopwatch

PATIENCE_S = 120.0
"""Until something that must happen is taken for never; the limits of the issue are checked by whoever calls."""


def until(what: Callable[[], bool], words: str) -> None:
    """Wait for it."""
    ends = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < ends, f"waited {PATIENCE_S:.0f} s in vain: {words}"
        time.sleep(0.01)


class Line:
    """Station, supervisor, the camera's own process, a real package and a real database; nothing is archived.

    A thread stands for the window: it takes the events and asks the station how it is, and notes how long it waited.
    """

    def __init__(self, folder: Path, uri: str, settings: dict[str, Value]) -> None:
        self._folder, self._uri = folder, uri
        self._settings = settings
        self._ending = ExitStack()
        self._published: queue.SimpleQueue[events.StationEvent] = queue.SimpleQueue()
        self._over = threading.Event()
        self.told: list[events.StationEvent] = []
        self.slowest_s = 0.0
        self.watch = Stopwatch()
        """The longest the window waited for one answer."""

    def __enter__(self) -> Line:
        package = write_tiny_package(self._folder / "tiny")
        self.recipe = replace(
            with_saving(default_recipe(package), SavingPolicy(False, 0)),
            camera=CameraSetup(tuple(self._settings.items())),
        )
        with ExitStack() as ending:
            ending.enter_context(self.watch)
            self.db = open_database(self._folder / "lineside.db")
            ending.callback(self.db.close)
            recorder = ending.enter_context(Recorder(self.db))
            self.station = Station(
                open_source(self._uri),
                load_model(package),
                self.recipe,
                record=recorder,
                publish=self._published.put,
                traveller=lambda: Traveller(origin=Origin.TRIAL),
            )
            window = threading.Thread(target=self._watch, name="window")
            ending.callback(self._end, window)
            window.start()
            self.station.start()
            self._ending = ending.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _end(self, window: threading.Thread) -> None:
        stopped = self.station.stop(PATIENCE_S)
        self._over.set()
        window.join()
        self._take()
        assert stopped, "the station did not stop"

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            begun = self.watch.seconds
            source = self.station.source
            _ = (source.state, source.words, source.retry_in, source.description, source.skipped, source.uri)
            _ = (self.station.newest, self.station.paused, self.station.running)
            self.slowest_s = max(self.slowest_s, self.watch.seconds - begun)
            self._take()

    def _take(self) -> None:
        while not self._published.empty():
            self.told.append(self._published.get_nowait())

    def count(self, kind: type[events.StationEvent]) -> int:
        """How many events of that kind so far."""
        return sum(isinstance(event, kind) for event in list(self.told))

    def more(self, number: int) -> None:
        """Wait for so many further inspections with a verdict."""
        before = self.judged()
        until(lambda: self.judged() >= before + number, "further inspections")

    def judged(self) -> int:
        """Inspections with a verdict so far."""
        told = [event for event in list(self.told) if isinstance(event, events.Inspected)]
        return sum(event.inspection.verdict.outcome is not Outcome.NO_VERDICT for event in told)

    def stop(self) -> list[Inspection]:
        """Stop the station and give everything that is in the database, oldest first."""
        assert self.station.stop(PATIENCE_S)
        rows, after = [], None
        while True:
            found = page(self.db, Filter(), Sort.OLDEST, after, 1000)
            rows += [row.inspection for row in found.rows]
            if (after := found.next) is None:
                return rows


@dataclass(frozen=True, slots=True)
class Cycle:
    """One loss and return. Seconds; the rest is counted while it streams again."""

    killed_at: datetime
    back_at: datetime
    """The camera answers again."""
    lost_s: float
    """From the kill until the station says it is lost."""
    back_s: float
    """From the camera's return to STREAMING."""
    threads: int
    files: int
    children: int
    segments: int
    memory: int
    """Bytes resident in this process."""


@dataclass(frozen=True, slots=True)
class Cycles:
    """Every cycle, what the database holds, and how long the window waited at most."""

    cycles: tuple[Cycle, ...]
    rows: tuple[Inspection, ...]
    events: tuple[events.StationEvent, ...]
    slowest_s: float


SETTINGS: dict[str, Value] = {"width": 320, "height": 240, "frame_rate": 40.0, "exposure_us": 2500.0}


def run_cycles(count: int, folder: Path, *, down_s: float = 1.0) -> Cycles:
    """Kill the camera mid-stream and start it again, `count` times; it stays away `down_s` after it was missed.

    After each return the settings are read back from the camera.
    """
    done: list[Cycle] = []
    with FakeGigE() as camera, Line(folder, FakeGigE.uri, SETTINGS) as line:
        line.more(10)
        for _ in range(count):
            done.append(_cycle(camera, line, down_s))
            kept = {name: line.station.source.get(name) for name in SETTINGS}
            assert kept == SETTINGS, kept
            line.more(10)
        rows = line.stop()
    return Cycles(tuple(done), tuple(rows), tuple(line.told), line.slowest_s)


def _cycle(camera: FakeGigE, line: Line, down_s: float) -> Cycle:
    losses, returns = line.station.source.losses, line.count(events.Recovered)
    killed_at, killed = utc_now(), line.watch.seconds
    camera.kill()
    until(lambda: line.station.source.losses > losses, "the loss")
    lost_s = line.watch.seconds - killed
    time.sleep(down_s)
    # The new process is a camera from when it has its port, a little before it was seen to answer.
    back_at = utc_now()
    camera.restart()
    back = line.watch.seconds
    until(lambda: line.station.source.state is SourceState.STREAMING, "the return")
    back_s = line.watch.seconds - back
    until(lambda: line.count(events.Recovered) > returns, "word of the return")
    line.more(1)
    return Cycle(killed_at, back_at, lost_s, back_s, *_held())


_SEGMENTS: set[Path] = set()


def _held() -> tuple[int, int, int, int, int]:
    """Threads, open files, child processes, shared memory segments of ours, resident bytes."""
    tasks = list(Path("/proc/self/task").iterdir())
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    # Other programs have segments too: those that this one ever mapped.
    mapped = [
        line.split()[5] for line in Path("/proc/self/maps").read_text().splitlines() if "/dev/shm/lineside" in line
    ]
    _SEGMENTS.update(Path(name) for name in mapped)
    segments = [path for path in _SEGMENTS if path.exists()]
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    files = len(list(Path("/proc/self/fd").iterdir()))
    # The recorder's thread comes with the first rows that are folded into the database's file, the 64th.
    threads = sum(thread.name != "archiver" for thread in threading.enumerate())
    return threads, files, len(children), len(segments), resident


@dataclass(frozen=True, slots=True)
class Steady:
    """Full pictures at a steady rate, through the whole station."""

    seconds: float
    inspected: int
    incomplete: int
    skipped: int
    losses: int
    child_cpu: float
    """Share of one core of the camera's process."""
    verdict_ms: tuple[float, float]
    """Arrival to verdict: median and 99th percentile."""
    exposed_ms: tuple[float, float]
    """The camera's time stamp to verdict: the same."""


def steady(seconds: float, folder: Path, *, width: int = 1920, height: int = 1080, rate: float = 30.0) -> Steady:
    """Figures of so many seconds, after the first ten pictures."""
    settings: dict[str, Value] = {"width": width, "height": height, "frame_rate": rate}
    with every_core(), FakeGigE(), Line(folder, FakeGigE.uri, settings) as line:
        line.more(10)
        source, (child,) = line.station.source, _sources()
        began, cpu, before = time.monotonic(), _cpu(child), len(line.told)
        incomplete, skipped = source.incomplete, source.skipped
        time.sleep(seconds)
        took, cpu = time.monotonic() - began, _cpu(child) - cpu
        incomplete, skipped = source.incomplete - incomplete, source.skipped - skipped
        told = [event.inspection for event in line.told[before:] if isinstance(event, events.Inspected)]
        losses = source.losses
    times = [each.times.total_ms for each in told]
    whole = [
        (each.times.inspected_at - each.frame.exposed_at).total_seconds() * 1e3
        for each in told
        if each.frame.exposed_at
    ]
    return Steady(took, len(told), incomplete, skipped, losses, cpu / took, _spread(times), _spread(whole))


def _spread(values: list[float]) -> tuple[float, float]:
    return float(np.median(values)), float(np.percentile(values, 99))


def _sources() -> list[int]:
    """The camera processes this one has started."""
    tasks = Path("/proc/self/task").iterdir()
    children = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    return [pid for pid in children if b"multiprocessing.spawn" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _cpu(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def every_core() -> Iterator[None]:
    """This process and those it starts may use the whole machine, as a station does; a test worker has one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
