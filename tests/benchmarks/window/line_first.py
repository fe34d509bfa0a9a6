"""The line goes first: the demo line at 30 frames/s with the window open, alone and beside what else a station does.

`python -m tests.benchmarks.window.line_first 40 alone train` prints one JSON line for each; all of them without names.
What is beside is started as an operator starts it in another terminal: by command, on the same data folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtWidgets import QApplication

from db.inspections.overrides import add_override
from db.inspections.table import Filter, page
from db.models.choose import choose_package
from db.store.session import Database
from engine.domain.inspection import Outcome, Override, new_id, utc_now
from engine.events import Inspected, StationEvent
from engine.sources.demo import PartMaker
from engine.system.memory import keep_freed_memory
from gui.app import GuiOptions, compose, shut_down
from tests.benchmarks.window.live import FPS, Probe
from tests.benchmarks.window.scan_live import wait

MAIN = Path(__file__).resolve().parents[3] / "main.py"
SETTLE_S, PATIENCE_S = 6.0, 180.0
PICTURES = 400
TRAIN = ("train", "demo:?seed=1&count=400", "--preset", "demo-segdec", "--set", "epochs=500", "--jsonl", "--out", "new")
WAYS: dict[str, tuple[str, ...]] = {
    "alone": (),
    "train": TRAIN,
    "scan": ("scan", "pictures", "--jsonl", "scan.jsonl"),
    "export": ("export", "--out", "corrections"),
}
"""What is beside the line, and the command that does it; over and over until the time is up."""


class Beside:
    """A command in a session of its own, as another terminal's is, started again whenever it is through."""

    def __init__(self, command: tuple[str, ...], folder: Path) -> None:
        self._command, self._folder, self.runs = command, folder, 0
        self._log = (folder / "beside.log").open("wb")
        self._process = self._start()

    def go_on(self) -> None:
        """Once more, if it is through; to a place of its own."""
        code = self._process.poll()
        if code is not None:
            if code:
                raise SystemExit(f"{self._command[0]} ended with {code}:\n{self.said()[-2000:]}")
            self.runs += 1
            self._process = self._start()

    def said(self) -> str:
        """All that it wrote."""
        return (self._folder / "beside.log").read_text(encoding="utf-8", errors="replace")

    @property
    def under_way(self) -> bool:
        """Whether it is past its start: a training computes, the others have begun to write."""
        if self._command[0] == "train":
            return '"epoch"' in self.said()
        return self.runs > 0 or any((self._folder / name).exists() for name in self._command[-1:])

    def end(self) -> None:
        """No more of it."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _start(self) -> subprocess.Popen[bytes]:
        words = [*self._command[:-1], f"{self._command[-1]}{self.runs or ''}"]
        return subprocess.Popen(
            [sys.executable, str(MAIN), *words],
            cwd=self._folder,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )


@contextmanager
def beside(way: str, folder: Path) -> Iterator[Beside | None]:
    """What this way has beside the line, under way."""
    if not WAYS[way]:
        yield None
        return
    other = Beside(WAYS[way], folder)
    try:
        until = time.monotonic() + PATIENCE_S
        while not other.under_way:
            if time.monotonic() > until:
                raise SystemExit(f"{way} did not begin:\n{other.said()[-2000:]}")
            wait(0.2)
            other.go_on()
        yield other
    finally:
        other.end()


def pictures(folder: Path) -> None:
    """What the scan reads."""
    folder.mkdir()
    maker = PartMaker(9, defect_rate=0.1)
    for index in range(PICTURES):
        cv2.imwrite(str(folder / f"{index:04d}.png"), maker.part(index).pixels)


def correct(db: Database) -> None:
    """Somebody found every NG and REVIEW part of the first seconds to be OK: the export has something to do."""
    found = page(db, Filter(outcomes=frozenset({Outcome.NG, Outcome.REVIEW})), limit=200).rows
    for stored in found:
        part = stored.inspection
        add_override(db, Override(new_id(utc_now()), part.id, utc_now(), "bench", Outcome.OK, "ok"))


def measure(way: str, seconds: float, folder: Path) -> dict[str, float | str]:
    """One way, in this process; rate and lag count from when what is beside is under way."""
    station = compose(GuiOptions(source=f"demo:?fps={FPS}&seed=5&defect_rate=0.4", size=(1280, 720)))
    choose_package(station.context.db)
    seen = {"inspected": 0, "skipped": 0}

    def drained(batch: list[StationEvent]) -> None:
        for event in batch:
            if isinstance(event, Inspected):
                seen["inspected"] += 1
                seen["skipped"] = event.skipped

    station.bridge.drained.connect(drained)
    station.window.show()
    station.bridge.start()
    station.line.start()
    wait(SETTLE_S)
    if way == "export":
        correct(station.context.db)
    with beside(way, folder) as other:
        probe, before, begun, spent = Probe(), dict(seen), time.monotonic(), time.thread_time()
        while time.monotonic() - begun < seconds:
            wait(0.5)
            if other is not None:
                other.go_on()
        took, cost = time.monotonic() - begun, time.thread_time() - spent
    parts = seen["inspected"] - before["inspected"]
    station.line.stop()
    wait(1.0)
    shut_down(station)
    return {
        "way": way,
        "inspected_s": parts / took,
        "skipped_s": (seen["skipped"] - before["skipped"]) / took,
        "lag_p99_ms": float(np.percentile(probe.lags, 99)),
        "lag_worst_ms": float(np.max(probe.lags)),
        "window_ms_a_part": 1000 * cost / max(1, parts),
    }


def report(seconds: float) -> None:
    """Each way in a process of its own; the last row is the line's rate in shares of that alone."""
    print(f"Demo line at {FPS} frames/s, window open, {seconds:.0f} s each; beside it, in another terminal:")
    found = []
    for way in WAYS:
        command = [sys.executable, "-m", "tests.benchmarks.window.line_first", str(seconds), way]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 400, check=False)
        if done.returncode:
            raise SystemExit(f"{way} ended with {done.returncode}.\n{done.stderr}")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"  {'':<28}" + "".join(f"{way:>12}" for way in WAYS))
    for key in found[0]:
        if key != "way":
            print(f"  {key:<28}" + "".join(f"{float(run[key]):12.1f}" for run in found))
    alone = float(found[0]["inspected_s"])
    print(f"  {'of the rate alone':<28}" + "".join(f"{float(run['inspected_s']) / alone:12.2f}" for run in found))


def main() -> None:
    """Run what was asked for and print its figures."""
    seconds, ways = float(sys.argv[1]), sys.argv[2:] or list(WAYS)
    keep_freed_memory()
    application = QApplication(["bench"])
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    for way in ways:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            os.environ["LINESIDE_HOME"] = home
            pictures(Path(home) / "pictures")
            print(json.dumps(measure(way, seconds, Path(home))), flush=True)


if __name__ == "__main__":
    main()
