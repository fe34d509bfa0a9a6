"""One slot, latest wins: for pixels on their way to the screen, and for nothing else."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """`put` never waits and replaces what nobody took; `take` empties the slot. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None
        self._replaced = 0

    def put(self, item: T) -> None:
        """Leave the newest item."""
        with self._lock:
            self._replaced += self._item is not None
            self._item = item

    def take(self) -> T | None:
        """The newest item, once; None when nothing new came."""
        with self._lock:
            item, self._item = self._item, None
            return item

    @property
    def replaced(self) -> int:
        """How many items were replaced before anyone took them."""
        return self._replaced
