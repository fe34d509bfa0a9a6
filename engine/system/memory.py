"""Freed memory is kept for the next frame instead of being given back to the system.

glibc hands a freed picture back at once, and the next one of the same size is paid for again, page by page: a 300×300
picture's decoding, scaling and drawing took twice as long. Measured and decided in docs/decisions/0013.
"""

from __future__ import annotations

import ctypes
import sys

KEPT_BYTES = 256 * 1024**2
LARGE_BYTES = 64 * 1024**2
"""Single blocks from here on still go back at once."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> bool:
    """Ask the C library to keep up to 256 MiB of freed memory; False where it is not glibc (nothing is changed)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)) and bool(mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES))
