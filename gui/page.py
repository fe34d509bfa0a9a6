"""What a page is to the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Binding(NamedTuple):
    """One key: `sequence` as QKeySequence writes it (`O`, `Ctrl+Z`, `Left`), what it does in words, and the act."""

    sequence: str
    text: str
    act: Callable[[], object]


class Page(Protocol):
    """What the window asks of a page."""

    def activated(self) -> None:
        """The page is on screen now."""
        ...

    def keys(self) -> list[Binding]:
        """Its keys, in the order the key overlay lists them."""
        ...

    def close_page(self) -> None:
        """Let go of everything; the window closes, or builds its pages anew."""
        ...

    def held(self) -> str:
        """Why the page cannot be built anew now (a scan runs, a draft is not saved), in words; empty = it can."""
        ...
