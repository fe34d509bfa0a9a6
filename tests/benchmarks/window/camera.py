"""The window on the fake GigE Vision camera, which is killed and comes back: does the event loop ever wait for it?

`python -m tests.benchmarks.window.camera 40` prints one JSON line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine import events
from engine.system.memory import keep_freed_memory
from engine.system.places import demo_package
from gui.app import GuiOptions, compose, shut_down
from tests.benchmarks.window.live import Probe
from tests.peers.gige import FakeGigE

RECIPE = """schema = 1
name = "bench"
[camera]
width = 1920
height = 1080
frame_rate = 30.0
[guard]
brightness = false
contrast_min = false
sharpness_min = false
clipped_max = false
"""


def window(seconds: float, camera: FakeGigE, home: Path) -> dict[str, float]:
    """Killed after a third of the time, back after two thirds. The lag counts from the first picture on."""
    recipe = home / "bench.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    model = str(demo_package("demo-classifier"))
    station = compose(GuiOptions(source=FakeGigE.uri, model=model, recipe=str(recipe), size=(1280, 720)))
    probe = Probe()
    heard: dict[str, float] = {"inspected": 0, "lost": 0, "recovered": 0}

    def drained(batch: list[events.StationEvent]) -> None:
        for event in batch:
            if isinstance(event, events.Inspected):
                if not heard["inspected"]:
                    probe.lags.clear()
                heard["inspected"] += 1
            heard["lost"] += isinstance(event, events.Lost)
            heard["recovered"] += isinstance(event, events.Recovered)

    station.bridge.drained.connect(drained)
    station.window.show()
    station.bridge.start()
    station.line.start()
    QTimer.singleShot(int(seconds * 333), camera.kill)
    # Waiting until it answers would be the bench's own stall.
    QTimer.singleShot(int(seconds * 667), lambda: station.context.jobs.run(camera.restart, lambda _: None))
    QTimer.singleShot(int(seconds * 1000), station.line.stop)
    station.line.finished.connect(lambda _: QTimer.singleShot(300, QApplication.quit))
    QApplication.exec()
    shut_down(station)
    lags = np.asarray(probe.lags)
    return {"lag_p99_ms": float(np.percentile(lags, 99)), "lag_max_ms": float(lags.max()), **heard}


def main() -> None:
    """Run it and print its figures."""
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as home, FakeGigE() as camera:
        os.environ["LINESIDE_HOME"] = home
        application = QApplication(["bench"])
        application.setQuitOnLastWindowClosed(False)
        print(json.dumps(window(float(sys.argv[1]), camera, Path(home))))


if __name__ == "__main__":
    main()
