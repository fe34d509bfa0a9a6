"""SIGTERM ends a command as Ctrl-C does: what it began is taken back, the processes it started go too."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ending_in_order() -> Iterator[None]:
    """For the while SIGTERM raises KeyboardInterrupt, once: a second one ends the process at once, also where it is
    stuck. Does nothing outside the main thread, which alone hears signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.default_int_handler(number, frame)
