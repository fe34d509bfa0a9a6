"""From a frame handed over by its source to its verdict's row on disk; and the gap that a model swap makes.

`python -m tests.benchmarks.line.latency 20` runs each way 20 seconds on the demo line at 30 frames/s, prints a table.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.inspections.table import count
from db.recording.recorder import Recorder
from db.store.session import Database, open_database
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Frame, Inspection, Origin, Prediction, Traveller
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import FrameTimeout
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe, with_saving
from engine.sources.demo.line import DemoSettings, DemoSource
from engine.station.loop import Station
from engine.station.swap import load_proved
from engine.system.places import demo_package

FPS = 30.0
SECONDS = 10.0
SETTLED = 15
"""Frames left out at the start of each run."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one way of running."""

    p50: float
    p99: float
    longest: float
    frames: int


class TimedSource(DemoSource):
    """The demo line; notes when it handed the last frame over."""

    handed = 0.0

    def read(self, timeout: float) -> Frame:
        """The newest part."""
        frame = super().read(timeout)
        self.handed = time.perf_counter()
        return frame


class TimedRecorder:
    """The real recorder; notes how long after the hand-over each row was stored, and when."""

    def __init__(self, inner: Recorder, source: TimedSource) -> None:
        self.inner, self._source = inner, source
        self.took: list[float] = []
        self.at: list[float] = []

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        """Record and note."""
        self.inner(inspection, recipe, frame, prediction)
        self.at.append(time.perf_counter())
        self.took.append(self.at[-1] - self._source.handed)

    def flush(self) -> None:
        """As the recorder does."""
        self.inner.flush()


def latency_of(seconds: list[float]) -> Latency:
    """Percentiles of what came after the start."""
    settled = np.array(seconds[SETTLED:]) * 1e3
    return Latency(
        float(np.median(settled)), float(np.percentile(settled, 99)), float(settled.max()), int(settled.size)
    )


def bare(package: ModelPackage, seconds: float) -> list[float]:
    """The forward pass alone, on the same line at the same rate: the camera runs, nothing is kept or shown."""
    model, source, took = load_model(package), TimedSource(DemoSettings(seed=5, fps=FPS)), list[float]()
    source.open()
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        with suppress(FrameTimeout):
            frame = source.read(0.2)
            model.run(frame.pixels)
            took.append(time.perf_counter() - source.handed)
    source.close()
    model.close()
    return took


def line(
    package: ModelPackage, seconds: float, policy: SavingPolicy, meanwhile: Callable[[Station], None] | None = None
) -> TimedRecorder:
    """The real station, recorder and database for so long; every row and every picture is checked to be there."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("LINESIDE_BENCH_DIR")) as folder:
        db = open_database(Path(folder) / "lineside.db")
        source = TimedSource(DemoSettings(seed=5, fps=FPS))
        with Recorder(db) as recorder:
            timed = TimedRecorder(recorder, source)
            station = Station(
                source,
                load_model(package),
                with_saving(default_recipe(package), policy),
                record=timed,
                publish=lambda _event: None,
                traveller=lambda: Traveller(origin=Origin.SIMULATED),
            )
            with station:
                time.sleep(seconds / 2)
                if meanwhile is not None:
                    meanwhile(station)
                time.sleep(seconds / 2)
        _check(db, len(timed.took), policy)
        db.close()
    return timed


def _check(db: Database, inspected: int, policy: SavingPolicy) -> None:
    stored = count(db)
    pictures = sum(1 for path in db.archive_folder.rglob("*.png") if ".heat." not in path.name)
    wanted = inspected if policy.every_ok == 1 else pictures if policy.defects else 0
    if (stored, pictures) != (inspected, wanted):
        raise SystemExit(f"{inspected} inspected, but {stored} rows and {pictures} of {wanted} pictures are there")


def swap_gap(package: ModelPackage, other: ModelPackage, seconds: float) -> tuple[float, float, float]:
    """The longest gap between two stored verdicts in ms, before a swap, and while another model is loaded and takes
    over; and how long that took in ms."""
    span: list[float] = []

    def swap(station: Station) -> None:
        span.append(time.perf_counter())
        loaded: list[Model] = []
        recipe = with_saving(default_recipe(other), SavingPolicy(False, 0))
        loading = threading.Thread(
            target=lambda: loaded.append(load_proved(lambda: load_model(other), recipe, station.newest))
        )
        loading.start()
        loading.join()
        station.swap_model(loaded[0], recipe)
        span.append(time.perf_counter())
        time.sleep(1.0)
        span.append(time.perf_counter())

    timed = line(package, seconds, SavingPolicy(False, 0), swap)
    at = np.array(timed.at[SETTLED:])
    gaps = np.diff(at) * 1e3
    during = (at[1:] >= span[0]) & (at[:-1] <= span[2])
    return float(gaps[~during].max()), float(gaps[during].max()), (span[1] - span[0]) * 1e3


def measure(seconds: float = SECONDS) -> list[tuple[str, Latency]]:
    """The bare forward pass, and the station that archives nothing, the defects, every part; interleaved."""
    package = open_package(demo_package())
    ways: dict[str, Callable[[float], list[float]]] = {
        "forward pass alone": lambda s: bare(package, s),
        "to the stored row, nothing archived": lambda s: line(package, s, SavingPolicy(False, 0)).took,
        "to the stored row, defects archived (default)": lambda s: line(package, s, SavingPolicy(True, 0)).took,
        "to the stored row, every part archived": lambda s: line(package, s, SavingPolicy(True, 1)).took,
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(2):
        for way, run in ways.items():
            found[way] += run(seconds / 2)[SETTLED:]
    return [(way, latency_of(took)) for way, took in found.items()]


def report(seconds: float = SECONDS) -> None:
    """Print the table."""
    print(f"Demo line at {FPS:.0f} frames/s, frame handed over to row on disk, ms (beyond the forward pass alone)")
    rows = measure(seconds)
    base = rows[0][1]
    for way, found in rows:
        beyond = "" if found is base else f"   p50 {found.p50 - base.p50:+.1f}   p99 {found.p99 - base.p99:+.1f}"
        print(f"  {way:<46} p50 {found.p50:6.1f}   p99 {found.p99:6.1f}   {found.frames} frames{beyond}")
    package, other = open_package(demo_package()), open_package(demo_package("demo-classifier"))
    before, during, took = swap_gap(package, other, seconds)
    print(
        f"  longest gap between verdicts {before:.0f} ms; while a model is loaded and swapped ({took:.0f} ms)", end=" "
    )
    print(f"{during:.0f} ms")


def main() -> None:
    """Run in a data folder of its own."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("LINESIDE_BENCH_DIR")) as home:
        os.environ["LINESIDE_HOME"] = home
        report(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)


if __name__ == "__main__":
    main()
