"""That a line runs: a lock on a file in its data folder, which the system takes back however the process ends."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from engine.system.threads import step_behind, step_behind_session

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

log = logging.getLogger(__name__)

NAME = "line.lock"
GOES_FIRST = {"run", "camera", "sources", "selftest"}
"""The commands that are the line, or that somebody waits for while it is set up."""
TRIES, TRY_S = 20, 0.005
LOOK_S = 2.0
"""How often a command looks whether a line has begun."""


class LineLock:
    """Held while a line runs; several lines may hold it. A folder that takes no locks costs the line nothing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._file = -1

    def take(self) -> None:
        """The line begins."""
        if self._file >= 0:
            return
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            if sys.platform == "win32":
                msvcrt.locking(self._file, msvcrt.LK_NBLCK, 1)
            else:
                _share(self._file)
                os.ftruncate(self._file, 0)
                os.pwrite(self._file, str(os.getsid(0)).encode(), 0)
        except OSError as error:
            # On Windows it may be another line's: one is enough.
            log.info("%s is not locked: %s", self._path, error)

    def give(self) -> None:
        """The line is over."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


if sys.platform != "win32":

    def _share(file: int) -> None:
        """The line waits for nobody: who is just looking, and was stopped or starved meanwhile, holds the lock too.

        Raises OSError where it is held for longer than a look takes.
        """
        for tried in range(TRIES):
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if tried == TRIES - 1:
                    raise
                time.sleep(TRY_S)


def line_runs(folder: Path) -> bool:
    """Whether any line runs on this data folder."""
    try:
        file = os.open(folder / NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def stay_behind(command: str, folder: Path) -> None:
    """Let a command that is not the line step behind it now, or as soon as one runs on this data folder."""
    # An option first is the window.
    if not command.startswith("-") and command not in GOES_FIRST and not _stepped(folder):
        threading.Thread(target=_watch, args=(folder, threading.Event()), name="line-watch", daemon=True).start()


def _watch(folder: Path, never: threading.Event) -> None:
    while not _stepped(folder):
        never.wait(LOOK_S)


def _stepped(folder: Path) -> bool:
    if not line_runs(folder):
        return False
    log.info("a line runs: this goes behind it")
    step_behind()
    with suppress(OSError, ValueError):
        step_behind_session(int((folder / NAME).read_text()))
    return True
