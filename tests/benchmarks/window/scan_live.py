"""A scan of 20,000 pictures beside Live in one window: does the event loop wait, and what does the line lose?

`python -m tests.benchmarks.window.scan_live 60` prints one JSON line for each of: live alone, scan alone, both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from db.models.choose import choose_package
from engine.events import Inspected, StationEvent
from engine.sources.demo import PartMaker
from engine.system.memory import keep_freed_memory
from gui.app import GuiOptions, Station, compose, shut_down
from gui.pages.scan.page import ScanPage
from tests.benchmarks.window.live import FPS, Probe

PICTURES, DIFFERENT = 20_000, 300
SETTLE_S = 3.0
WAYS = ("live", "scan", "both")


def fill(folder: Path) -> None:
    """20,000 names of 300 JPEGs of the demo line, 512 pixels wide, in a folder for each class."""
    maker, made = PartMaker(9, defect_rate=0.1), []
    store = folder.parent / "different"
    store.mkdir()
    for index in range(DIFFERENT):
        part = maker.part(index)
        path = store / f"{index}.jpg"
        height = round(part.pixels.shape[0] * 512 / part.pixels.shape[1])
        cv2.imwrite(str(path), cv2.resize(part.pixels, (512, height), interpolation=cv2.INTER_AREA))
        made.append((path, part.truth.label))
    for label in {label for _, label in made}:
        (folder / label).mkdir(parents=True)
    for number in range(PICTURES):
        path, label = made[number % DIFFERENT]
        os.link(path, folder / label / f"{number:05d}.jpg")


def wait(seconds: float) -> None:
    """Let the window live."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def measure(way: str, seconds: float, folder: Path) -> dict[str, float | str]:
    """One way, in this process; the lag counts from when both are under way."""
    station = compose(GuiOptions(source=f"demo:?fps={FPS}&seed=5", size=(1280, 720)))
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
    wait(1.0)
    if way != "scan":
        station.line.start()
        wait(SETTLE_S)
    page = _page(station)
    if way != "live":
        station.window.go("scan")
        wait(1.0)
        page.setup.set_folder(folder)
        page.start()
        until = time.monotonic() + 120
        while not page.results.rows.count and time.monotonic() < until:
            wait(0.2)
    if way != "live" and not page.running:
        raise SystemExit("the scan did not start")
    before, rows = dict(seen), page.results.rows.count
    probe, begun = Probe(), time.monotonic()
    wait(seconds)
    took, scanned = time.monotonic() - begun, page.results.rows.count - rows
    found: dict[str, float | str] = {
        "way": way,
        "lag_p99_ms": float(np.percentile(probe.lags, 99)),
        "lag_worst_ms": float(np.max(probe.lags)),
        "live_inspected_s": (seen["inspected"] - before["inspected"]) / took,
        "live_skipped_s": (seen["skipped"] - before["skipped"]) / took,
        "scan_pictures_s": scanned / took,
        "rows": page.results.rows.count,
    }
    page.cancel()
    station.line.stop()
    wait(1.0)
    shut_down(station)
    return found


def report(seconds: float) -> None:
    """The three ways, each in a process of its own."""
    print(f"Scan of {PICTURES:,} pictures beside Live at {FPS} frames/s, window open on Scan, {seconds:.0f} s each")
    found = []
    for way in WAYS:
        command = [sys.executable, "-m", "tests.benchmarks.window.scan_live", str(seconds), way]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 300, check=False)
        if done.returncode:
            raise SystemExit(f"{way} ended with {done.returncode}.\n{done.stderr}")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"  {'':<28}{'Live alone':>12}{'scan alone':>12}{'both':>12}")
    for key in found[0]:
        if key != "way":
            print(f"  {key:<28}" + "".join(f"{float(run[key]):12.1f}" for run in found))


def _page(station: Station) -> ScanPage:
    while station.window.make_next():
        pass
    return station.window.findChildren(ScanPage)[0]


def main() -> None:
    """Run what was asked for and print its figures."""
    seconds, ways = float(sys.argv[1]), sys.argv[2:] or WAYS
    keep_freed_memory()
    application = QApplication(["bench"])
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    for way in ways:
        with tempfile.TemporaryDirectory() as home:
            os.environ["LINESIDE_HOME"] = home
            folder = Path(home) / "incoming"
            fill(folder)
            print(json.dumps(measure(way, seconds, folder)), flush=True)


if __name__ == "__main__":
    main()
