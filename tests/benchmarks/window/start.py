"""From the command to the window and to the first verdict, beside an empty window and a bare model load.

`python -m tests.benchmarks.window.start lineside 1700000000.0` is one start, begun at that time; its JSON line says:
name of a moment → seconds on the clock and of processor time since the process began.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROUNDS = 7
CORES = 2
WINDOW_S, VERDICT_S = 2.5, 5.0
"""What is asked for, on two cores with everything in the disk's cache."""
Moments = dict[str, tuple[float, float]]


def now(begun: float) -> tuple[float, float]:
    """Seconds on the clock since `begun`, and of processor time of this process."""
    spent = os.times()
    return time.time() - begun, spent.user + spent.system


def lineside(begun: float) -> Moments:
    """The demo line until one part is judged and shown."""
    import main
    from gui.imports import plain_imports

    plain_imports()
    from gui import app

    found: Moments = {}
    whole = app.compose

    def compose(options: app.GuiOptions) -> app.Station:
        station = whole(options)
        _when_exposed(lambda: found.setdefault("window", now(begun)))
        station.context.recorded.connect(lambda _parts: found.setdefault("verdict", now(begun)))
        return station

    app.compose = compose
    if main.main(["--demo", "--frames", "1"]):
        raise SystemExit("the demo line did not run")
    return found


def empty(begun: float) -> Moments:
    """A window with nothing in it."""
    from PySide6.QtWidgets import QApplication, QMainWindow

    application, found = QApplication([]), Moments()
    window = QMainWindow()
    window.resize(1280, 720)

    def seen() -> None:
        found["window"] = now(begun)
        application.quit()

    _when_exposed(seen)
    window.show()
    application.exec()
    return found


def load(begun: float) -> Moments:
    """OpenVINO alone, with the demo model's graph, compiled before and kept in its cache."""
    import openvino as ov

    from engine.system.places import cache_folder, demo_package

    options = {"CACHE_DIR": str(cache_folder() / "bare")}
    ov.Core().compile_model(str(demo_package() / "model.onnx"), "CPU", options)
    return {"loaded": now(begun)}


def _when_exposed(act: Callable[[], object]) -> None:
    """Call it when the first window of this application is on screen."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    assert application is not None

    class Filter(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Expose:
                self.deleteLater()
                act()
            return False

    application.installEventFilter(Filter(application))


def start(way: str, home: Path) -> Moments:
    """One start in a process of its own."""
    settings = {"LINESIDE_HOME": str(home), "PYTHONPYCACHEPREFIX": str(home / "compiled")}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "tests.benchmarks.window.start", way, str(time.time())]
    done = subprocess.run(command, env=kept | settings, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(f"{way} ended with {done.returncode}.\n{done.stderr}")
    found: Moments = json.loads(done.stdout.splitlines()[-1])
    return found


def report() -> None:
    """Every way in turn, so that whatever else runs meets all alike; the first round warms up and is not counted."""
    taken: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as place:
        for number in range(ROUNDS + 1):
            for way in WAYS:
                moments = start(way, Path(place))
                for name, moment in moments.items() if number else ():
                    taken.setdefault(f"{way} {name}", []).append(moment)
    clock = {name: median(wall for wall, _ in rows) for name, rows in taken.items()}
    spent = {name: median(cpu for _, cpu in rows) for name, rows in taken.items()}
    bare = ("empty window", "load loaded")
    print(f"Start on {CORES} cores, warm, median of {ROUNDS}: seconds on the clock, and of processor time")
    for name, words in (("empty window", "an empty PySide6 window"), ("load loaded", "OpenVINO's model load alone")):
        print(f"  {words:<34}{clock[name]:8.2f}{spent[name]:8.2f}")
    for name, words, beside, asked in (
        ("lineside window", "Lineside's window on screen", bare[:1], WINDOW_S),
        ("lineside verdict", "Lineside's first verdict", bare, VERDICT_S),
    ):
        ratio = spent[name] / sum(spent[other] for other in beside)
        print(f"  {words:<34}{clock[name]:8.2f}{spent[name]:8.2f}{ratio:8.1f}× {' + '.join(beside)}; asked {asked} s")


WAYS: dict[str, Callable[[float], Moments]] = {"empty": empty, "load": load, "lineside": lineside}


def main() -> None:
    """One start."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    print(json.dumps(WAYS[sys.argv[1]](float(sys.argv[2]))))


if __name__ == "__main__":
    main()
