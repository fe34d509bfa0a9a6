"""One thread budget for everything that computes."""

from __future__ import annotations

import os


def thread_budget(wanted: int = 0) -> int:
    """One budget for OpenVINO, torch and OpenCV together: `wanted` or the cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(wanted, cores) if wanted else cores)
