"""Ctrl-C and SIGTERM: the first asks the loop to stop at its next step, the second ends the process at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """Raised at the step after a stop was asked for; not an error."""


class StopRequest:
    """A context that listens for the signals; outside the main thread it only listens to `ask`."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._handle) for s in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._restore()

    def ask(self) -> None:
        """Ask the loop to stop."""
        self._asked.set()

    def check(self) -> None:
        """Raise Interrupted when a stop was asked for."""
        if self._asked.is_set():
            raise Interrupted

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.ask()
        for s in SIGNALS:
            # The second one must end the process even where a loop is stuck.
            signal.signal(s, signal.SIG_DFL)

    def _restore(self) -> None:
        for s, handler in self._before.items():
            signal.signal(s, handler)
        self._before = {}
