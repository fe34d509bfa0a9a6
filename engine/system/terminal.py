"""A command and its terminal: text that any code page takes, and signals that end it in order.

SIGTERM ends as Ctrl-C does: what was begun is taken back, and the processes that were started go too.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from types import FrameType


def plain_text_streams() -> None:
    """A console in another code page must not fail on ≥ or mm²."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


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


def start_apart(process: BaseProcess) -> None:
    """Start a process that Ctrl-C in the terminal passes by: what started it ends it, in order."""
    if sys.platform == "win32":
        process.start()
        return
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
