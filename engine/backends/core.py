"""OpenVINO's core: one for the whole process, which lives as long as the process does."""

from __future__ import annotations

from functools import cache
from threading import Lock

import openvino as ov

_LOCK = Lock()


def core() -> ov.Core:
    """The core that everything of this process reads and compiles graphs with.

    Its CPU plug-in gives the thread that first uses it a stack for signals, and frees it on whichever thread the last
    core is let go of: a Ctrl-C after that ends the process at once, with what waits to be written. So none is let go.
    """
    with _LOCK:
        return _made()


@cache
def _made() -> ov.Core:
    return ov.Core()
