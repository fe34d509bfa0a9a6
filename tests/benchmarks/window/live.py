"""The live path with the window open, and a plain torch loop beside it; each in a process of its own.

`python -m tests.benchmarks.window.live lineside 120` prints one JSON line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QApplication, QLabel

from db.inspections.table import Filter, count
from engine.events import Inspected, Picture, StationEvent, Stopped
from engine.system.memory import keep_freed_memory
from engine.system.places import demo_package

FPS = 30
SETTLED_S = 20.0


def rss_mb() -> float:
    """Resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Probe(QObject):
    """Event-loop lag by a 10 ms timer, and the age of each picture once it is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[float] = []
        self.ages: list[float] = []
        self.memory: list[float] = []
        self._last = time.perf_counter()
        self._shown: datetime | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._memory = QTimer(self)
        self._memory.setInterval(1000)
        self._memory.timeout.connect(lambda: self.memory.append(rss_mb()))
        self._memory.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.lags.append(max(0.0, (now - self._last) * 1000 - 10))
        self._last = now

    def shown(self, captured_at: datetime) -> None:
        """A picture was handed to the view."""
        self._shown = captured_at

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notes when the view has painted what it was handed."""
        if event.type() == QEvent.Type.Paint and self._shown is not None:
            captured, self._shown = self._shown, None
            QTimer.singleShot(0, lambda: self.ages.append((datetime.now(UTC) - captured).total_seconds() * 1000))
        return super().eventFilter(watched, event)

    def figures(self) -> dict[str, float]:
        """Percentiles in milliseconds, memory in MB, after the first seconds."""
        settled = self.memory[int(min(SETTLED_S, len(self.memory) / 2)) :] or [rss_mb()]
        return {
            "lag_p99_ms": float(np.percentile(self.lags[100:], 99)),
            "lag_max_ms": float(np.max(self.lags[100:])),
            "frame_to_screen_p50_ms": float(np.median(self.ages)),
            "frame_to_screen_p99_ms": float(np.percentile(self.ages, 99)),
            "painted": float(len(self.ages)),
            "memory_settled_mb": settled[0],
            "memory_end_mb": settled[-1],
        }


def lineside(seconds: float) -> dict[str, float]:
    """The real window, station, database and demo line."""
    from gui.app import GuiOptions, compose, shut_down
    from gui.pages.live.page import LivePage

    station = compose(GuiOptions(source=f"demo:?fps={FPS}&seed=5", model=str(demo_package()), size=(1280, 720)))
    probe = Probe()
    seen: dict[str, int] = {"inspected": 0, "skipped": 0, "stopped": 0}

    def drained(batch: list[StationEvent]) -> None:
        for event in batch:
            if isinstance(event, Inspected):
                seen["inspected"] += 1
                seen["skipped"] = event.skipped
            elif isinstance(event, Stopped):
                seen["stopped"] = event.inspected

    def pictured(picture: Picture) -> None:
        probe.shown(picture.frame.captured_at)

    station.bridge.drained.connect(drained)
    station.bridge.pictured.connect(pictured)
    station.window.findChildren(LivePage)[0].view.installEventFilter(probe)
    station.window.show()
    station.bridge.start()
    station.line.start()
    QTimer.singleShot(int(seconds * 1000), station.line.stop)
    station.line.finished.connect(lambda _: QTimer.singleShot(300, QApplication.quit))
    QApplication.exec()
    stored = count(station.context.db, Filter())
    shut_down(station)
    return probe.figures() | {"inspected": seen["stopped"], "stored": float(stored), "skipped": seen["skipped"]}


def plain(seconds: float) -> dict[str, float]:
    """What people write first: a timer that makes, judges with torch and draws, all on the GUI thread."""
    import torch

    from engine.images.overlay import render
    from engine.networks.load import load_graph
    from engine.packages.package import open_package
    from engine.preprocessing.placement import prepare
    from engine.sources.demo import PartMaker

    package = open_package(demo_package())
    graph, maker, probe = load_graph(package).eval(), PartMaker(5), Probe()
    label = QLabel()
    label.resize(1280, 720)
    label.show()
    label.installEventFilter(probe)
    state = {"index": 0}

    def step() -> None:
        captured = datetime.now(UTC)
        pixels = maker.part(state["index"]).pixels
        state["index"] += 1
        with torch.inference_mode():
            outputs = graph(torch.from_numpy(prepare(pixels, package.manifest.input)[np.newaxis]))
        drawn = render(pixels, outputs[1][0, 0].numpy(), (), "heat")
        image = QImage(drawn.data, drawn.shape[1], drawn.shape[0], drawn.shape[1] * 3, QImage.Format.Format_BGR888)
        probe.shown(captured)
        label.setPixmap(QPixmap.fromImage(image.scaled(label.size())))

    list(maker.prepare())
    timer = QTimer()
    timer.setInterval(round(1000 / FPS))
    timer.timeout.connect(step)
    timer.start()
    QTimer.singleShot(int(seconds * 1000), QApplication.quit)
    QApplication.exec()
    return probe.figures() | {
        "inspected": state["index"],
        "stored": 0.0,
        "skipped": max(0, seconds * FPS - state["index"]),
    }


def main() -> None:
    """Run one of the two and print its figures."""
    way, seconds = sys.argv[1], float(sys.argv[2])
    with tempfile.TemporaryDirectory() as home:
        os.environ["LINESIDE_HOME"] = home
        if way == "lineside":
            keep_freed_memory()
        application = QApplication(["bench"])
        application.setQuitOnLastWindowClosed(False)
        print(json.dumps({"way": way, **(lineside(seconds) if way == "lineside" else plain(seconds))}))


if __name__ == "__main__":
    main()
