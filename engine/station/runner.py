"""One thing that runs on a thread of its own: started once, paused and resumed, stopped by one call."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from engine.system.threads import lower_priority


class Runner(ABC):
    """Call `run` in place, or `start`/`stop` around a thread. Every method but `run` may be called from any thread.

    `run` looks at `_go` and `_stop` between two pieces of work; a wait of its own takes no longer than a read.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._stop, self._go = threading.Event(), threading.Event()
        self._go.set()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def run(self) -> None:
        """The whole run in the calling thread, until it is through or asked to stop."""

    def start(self, *, behind: bool = False) -> None:
        """Run on a worker thread of its own; `behind`: a line beside it goes first."""
        if self._thread is not None:
            raise RuntimeError(f"a {self._name} starts once")
        target = self._run_behind if behind else self.run
        self._thread = threading.Thread(target=target, name=self._name, daemon=True)
        self._thread.start()

    def _run_behind(self) -> None:
        lower_priority()
        self.run()

    def pause(self) -> None:
        """Do nothing until `resume`."""
        self._go.clear()

    def resume(self) -> None:
        """Go on."""
        self._go.set()

    def request_stop(self) -> None:
        """Have the run end after the piece in hand; returns at once. For signal handlers."""
        self._stop.set()
        self._go.set()

    def stop(self, timeout: float = 10.0) -> bool:
        """The one public stop: returns when the run has ended, False if it did not within `timeout` seconds."""
        self.request_stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    @property
    def paused(self) -> bool:
        """True between `pause` and `resume`."""
        return not self._go.is_set()

    @property
    def running(self) -> bool:
        """True while the worker thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
