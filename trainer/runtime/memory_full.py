"""Tells memory that ran out from every other failure."""

from __future__ import annotations

import torch

_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory", "alloc_failed")
"""What torch's allocators and libraries say of it where they have no error of its own."""


def memory_full(error: BaseException | None) -> bool:
    """True when the error says that memory ran out, on a graphics card or in the machine."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _WORDS)
