"""One thread budget for everything that computes, and who goes first: the line.

A thread beside the line in its own process steps back a little (`lower_priority`): further back it would keep what the
line waits for, the interpreter and the database, whenever the processor is busy. A process of its own shares neither
and takes only what is left over (`step_behind`).
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    from ctypes import windll

NICENESS = 10
"""What yields to inference. From 5 to 19 nothing measurable changed, at 30 frames/s and at full load."""
LAST = 19
"""The niceness of a process that stands behind."""
_IDLE_CLASS = 0x40
"""Windows' IDLE_PRIORITY_CLASS; what the process starts has it too."""


def thread_budget(wanted: int = 0) -> int:
    """One budget for OpenVINO, torch and OpenCV together: `wanted` or the cores this process may use.

    Behind the line it is half of them: the line finds a free one also where the system shares processors out between
    terminals or services, whatever the priorities in each.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if stands_behind():
        cores = max(1, cores // 2)
    return max(1, min(wanted, cores) if wanted else cores)


def lower_priority() -> None:
    """Let the line go first: on Linux a nice value belongs to the calling thread and to those it starts later."""
    if sys.platform == "linux":
        _nice(threading.get_native_id(), NICENESS)


def stands_behind() -> bool:
    """Whether this process, or the one that started it, did `step_behind`."""
    if sys.platform == "win32":
        return bool(windll.kernel32.GetPriorityClass(windll.kernel32.GetCurrentProcess()) == _IDLE_CLASS)
    return os.getpriority(os.PRIO_PROCESS, 0) >= LAST


def step_behind() -> None:
    """From now on this process and what it starts compute, read and write in what time the others leave.

    For good: a process may not step forward again. What the system refuses is left as it was.
    """
    if sys.platform == "win32":
        windll.kernel32.SetPriorityClass(windll.kernel32.GetCurrentProcess(), _IDLE_CLASS)
        return
    if sys.platform == "linux":
        for thread in (int(task.name) for task in Path("/proc/self/task").iterdir()):
            # Goes with the disk too: who is idle for the processor is idle there.
            with suppress(OSError):
                os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
            _nice(thread, LAST)
    else:
        _nice(0, LAST)


def step_behind_session(session: int) -> None:
    """Where the line runs in another terminal or service than this (`session` is its): let all of this one step behind.

    Linux then shares processors out between the two first (autogroup), and no priority inside one counts in the other.
    What else runs in this terminal steps behind as well, until this process ends.
    """
    group = Path("/proc/self/autogroup")
    if sys.platform != "linux" or session == os.getsid(0):
        return
    with suppress(OSError, ValueError):
        before = int(group.read_text().rsplit(maxsplit=1)[1])
        if before < LAST:
            group.write_text(str(LAST))
            atexit.register(_restore, group, before)


def _restore(group: Path, before: int) -> None:
    with suppress(OSError):
        group.write_text(str(before))


def _nice(thread: int, niceness: int) -> None:
    """Never forward: a system administrator's process could."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, max(niceness, os.getpriority(os.PRIO_PROCESS, thread)))
