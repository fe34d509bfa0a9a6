"""Work that may take the process down with it, done in a process of its own.

OpenVINO dies on some damaged graphs instead of refusing them; a station must not die with it.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

from engine.errors import LinesideError, PackageError
from engine.system.terminal import start_apart

T = TypeVar("T")
POLL_S = 0.2
LIMIT_S = 900.0


def never() -> bool:
    """Not cancelled."""
    return False


def apart(work: Callable[..., T], *args: Any, cancelled: Callable[[], bool] = never, limit: float = LIMIT_S) -> T:
    """What `work(*args)` gives, run in a fresh process; `work`, its arguments and its result must be picklable.

    A LinesideError of the work is raised here. PackageError when the process dies, takes more than `limit` seconds or
    is `cancelled` (asked five times a second). Its log records come out here.
    """
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(theirs, work, args), name="lineside-apart", daemon=True)
    start_apart(child)
    theirs.close()
    try:
        kind, value = _answer(mine, time.monotonic() + limit, cancelled)
    finally:
        child.kill()
        child.join()
        child.close()
        mine.close()
    if kind == "failed":
        raise value
    if kind == "bug":
        raise RuntimeError(f"in the process apart:\n{value}")
    return cast(T, value)


def _answer(mine: Connection[Any, Any], until: float, cancelled: Callable[[], bool]) -> tuple[str, Any]:
    while not cancelled():
        if time.monotonic() > until:
            raise PackageError("The model takes too long to open.", "Choose a smaller model.")
        if not mine.poll(POLL_S):
            continue
        try:
            kind, value = mine.recv()
        except EOFError:
            raise PackageError("OpenVINO crashed on the model.", "Do not use this model.") from None
        if kind != "log":
            return kind, value
        logging.getLogger(value[0]).log(value[1], "%s", value[2])
    raise PackageError("The import was cancelled.", "")


def _child(theirs: Connection[Any, Any], work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger().addHandler(_Forward(theirs))
    try:
        theirs.send(("done", work(*args)))
    except LinesideError as error:
        theirs.send(("failed", error))
    except Exception:
        theirs.send(("bug", traceback.format_exc()))


class _Forward(logging.Handler):
    """Sends warnings and worse to the process that asked."""

    def __init__(self, theirs: Connection[Any, Any]) -> None:
        super().__init__(logging.WARNING)
        self._theirs = theirs

    def emit(self, record: logging.LogRecord) -> None:
        """One record as name, level and text."""
        self._theirs.send(("log", (record.name, record.levelno, record.getMessage())))
