"""Review on a million inspections: opening, every filter and order, next picture, paging, and the event loop's lag.

`python -m tests.benchmarks.window.review 1000000 [folder]` prints one JSON line; a folder with the rows is used again.
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

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.system.memory import keep_freed_memory
from gui.app import GuiOptions, Station, compose, shut_down
from gui.pages.review.page import ReviewPage
from tests.benchmarks.window.review_rows import build

OPENINGS, EACH, STEPS, PAGED_ROWS = 5, 3, 60, 5000
LONGEST_S = 30.0
PAUSE_S = 0.15
"""Between two pictures, as somebody who looks at them."""
TICK_MS = 5


class Watch(QObject):
    """The event loop's lag by a timer, and the end of a wait at a paint."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[float] = []
        self._last = time.perf_counter()
        self._loop = QEventLoop()
        self._met: Callable[[], bool] = lambda: False
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def wait(self, seconds: float, met: Callable[[], bool] = lambda: False) -> None:
        """Let the window live so long, or until a paint or tick finds `met`."""
        self._met = met
        end = QTimer(singleShot=True, interval=round(seconds * 1000))
        end.timeout.connect(self._loop.quit)
        end.start()
        self._loop.exec()
        end.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.lags.append(max(0.0, (now - self._last) * 1000 - TICK_MS))
        self._last = now


class Painted(QObject):
    """Tells when a widget has painted after `arm`, once a condition holds."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._ready: Callable[[], bool] | None = None
        self._loop = QEventLoop()
        self._widget = widget
        widget.installEventFilter(self)

    def time(self, act: Callable[[], object], ready: Callable[[], bool]) -> float:
        """Milliseconds from `act` to the first paint at which `ready` holds."""
        self._ready = ready
        begun = time.perf_counter()
        end = QTimer(singleShot=True, interval=round(LONGEST_S * 1000))
        end.timeout.connect(self._loop.quit)
        end.start()
        act()
        if self._ready is not None:
            self._loop.exec()
        end.stop()
        return (time.perf_counter() - begun) * 1000

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Right after the paint, before anything else."""
        if event.type() == QEvent.Type.Paint and self._ready is not None and self._ready():
            self._ready = None
            QTimer.singleShot(0, self._loop.quit)
        return False


class Session:
    """One window on the rows."""

    def __init__(self, station: Station) -> None:
        self.station, self.window = station, station.window
        while station.window.make_next():
            pass
        self.page = station.window.findChildren(ReviewPage)[0]
        self.watch = Watch()
        self.rows = Painted(self.page.list.table.viewport())
        self.view = Painted(self.page.part.view)
        self._fresh = False
        self.page.list.rows.loaded.connect(self._loaded)

    def _loaded(self) -> None:
        self._fresh = True

    def _came(self) -> bool:
        return self._fresh

    def idle(self) -> None:
        """Until no job is under way."""
        end = time.monotonic() + LONGEST_S
        while self.station.context.jobs.busy and time.monotonic() < end:
            self.watch.wait(0.02)
        self.watch.wait(0.05)

    def listed(self, act: Callable[[], object]) -> float:
        """From a choice to its first rows on screen."""
        self._fresh = False
        took = self.rows.time(act, self._came)
        self.idle()
        return took

    def opening(self) -> list[float]:
        """From the key that shows the page to its rows."""
        found = []
        for _ in range(OPENINGS):
            self.window.go("live")
            self.idle()
            found.append(self.listed(lambda: self.window.go("review")))
        return found

    def filters(self) -> dict[str, list[float]]:
        """Every single filter and order."""
        page, bar = self.page, self.page.filters
        acts: dict[str, Callable[[], object]] = {f"verdict {c.text()}": c.click for c in bar.chips}
        boxes = {"show": bar.reviewed, "time": bar.time, "class": bar.label, "order": bar.order}
        boxes |= {"lot": bar.more.lot, "model": bar.more.model, "recipe": bar.more.recipe}
        for name, box in boxes.items():
            rows = range(1, box.count()) if name in ("show", "time", "order") else (1, box.count() - 1)
            for row in rows:
                words = box.itemText(row) if name != "lot" else ("oldest" if row == 1 else "newest")
                acts[f"{name}: {words}"] = lambda box=box, row=row: box.setCurrentIndex(row)  # type: ignore[misc]
        acts["score from 0.45"] = lambda: bar.more.least.setValue(0.45)
        acts["score to 0.1"] = lambda: bar.more.most.setValue(0.1)
        found: dict[str, list[float]] = {}
        for name, act in acts.items():
            for _ in range(EACH):
                found.setdefault(name, []).append(self.listed(act))
                bar.order.setCurrentIndex(0)
                self.listed(page.filters.clear)
        return found

    def pictures(self) -> list[float]:
        """The next picture, a moment after the last one."""
        page, found = self.page, []

        def there() -> bool:
            now, opened = page.list.current, page.part.opened
            return now is not None and opened is not None and opened.stored.inspection.id == now.inspection.id

        self.watch.wait(0.5)
        for _ in range(STEPS):
            found.append(self.view.time(lambda: page.presenter.step(1), there))
            self.watch.wait(PAUSE_S)
        return found

    def paging(self) -> list[float]:
        """Page down through the list."""
        table, found = self.page.list.table, []
        table.setFocus()
        end = time.monotonic() + 4 * LONGEST_S
        while table.currentIndex().row() < PAGED_ROWS and time.monotonic() < end:
            before = table.currentIndex().row()
            took = self.rows.time(lambda: QTest.keyClick(table, Qt.Key.Key_PageDown), lambda: True)
            if table.currentIndex().row() == before:
                self.idle()
            else:
                found.append(took)
        return found


def measure(rows: int, folder: Path) -> dict[str, object]:
    """All figures, in milliseconds."""
    if not (folder / "lineside.db").exists():
        build(folder, rows)
    os.environ["LINESIDE_HOME"] = str(folder)
    station = compose(GuiOptions(source="demo:?fps=10", size=(1280, 720)))
    station.window.show()
    station.bridge.start()
    session = Session(station)
    session.watch.wait(3.0)
    session.idle()
    opening = session.opening()
    del session.watch.lags[:]
    filters = session.filters()
    session.listed(lambda: session.window.go("review"))
    pictures = session.pictures()
    paging = session.paging()
    lags = np.array(session.watch.lags)
    shut_down(station)
    return {
        "opening": opening,
        "filters": filters,
        "pictures": pictures,
        "paging": paging,
        "lag_p99": float(np.percentile(lags, 99)),
        "lag_worst": float(lags.max()),
    }


def show(found: dict[str, object]) -> None:
    """The table."""
    print("Review on a million inspections, milliseconds: median, worst")
    for name in ("opening", "pictures", "paging"):
        values = found[name]
        assert isinstance(values, list)
        print(f"  {name:<36}{np.median(values):8.1f}{max(values):8.1f}")
    filters = found["filters"]
    assert isinstance(filters, dict)
    for name, values in filters.items():
        print(f"  {name:<36}{np.median(values):8.1f}{max(values):8.1f}")
    print(f"  event loop's lag: p99 {found['lag_p99']:.1f}, worst {found['lag_worst']:.1f}")


def report(rows: int) -> None:
    """Measure in a process of its own, and print."""
    command = [sys.executable, "-m", "tests.benchmarks.window.review", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    show(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """One run; the rows are thrown away unless a folder was named."""
    keep_freed_memory()
    application = QApplication(["lineside"])
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    rows = int(sys.argv[1])
    if len(sys.argv) > 2:
        print(json.dumps(measure(rows, Path(sys.argv[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(rows, Path(folder))))


if __name__ == "__main__":
    main()
