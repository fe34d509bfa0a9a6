"""Python's collector of reference cycles, on the GUI thread alone.

Automatic collection runs on whatever thread happens to allocate: the station's, a job's. A widget in a cycle would
then be destroyed there, which Qt does not survive. So automatic collection is off while this is on, and a timer does
what it would have done, by the same thresholds. What was there at the start is frozen: it is never garbage.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 500


class Collector(QObject):
    """`start` it on the GUI thread; `stop` gives Python its own way back."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """From here on cycles are collected by `look` only."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Automatic collection again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def look(self) -> None:
        """Collect the oldest generation that is due, as Python does."""
        for generation in (2, 1, 0):
            threshold = self._thresholds[generation]
            if threshold and gc.get_count()[generation] > threshold:
                gc.collect(generation)
                return
