"""Pages that nobody asked for yet, made once the first part is on screen: whoever asks then finds them there."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from gui.context import AppContext
from gui.window.window import MainWindow

EVERY_MS = 100
"""Between two pages, so that parts are shown in time."""


class PagesAhead(QObject):
    """Begins with the first part that is recorded; makes one page in a turn of the event loop, until all are made."""

    def __init__(self, context: AppContext, window: MainWindow) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._make)
        context.recorded.connect(self._begin)

    def _begin(self) -> None:
        self._context.recorded.disconnect(self._begin)
        self._timer.start()

    def _make(self) -> None:
        if not self._window.make_next():
            self._timer.stop()
