"""What a page is to the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable


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


@runtime_checkable
class JudgingPage(Protocol):
    """A page on which people say of the parts on screen what they are."""

    def mark_target(self) -> None:
        """A key went down: what is on screen now is what it is about, even if the key acts a moment later."""
        ...

    @property
    def busy(self) -> bool:
        """Whether Esc has something to do here."""
        ...

    def back(self) -> None:
        """Leave what is asked, else what is looked at."""
        ...


class TakesFolder(Protocol):
    """A page that a folder may be dropped for."""

    def offer(self, folder: Path) -> None:
        """Take the folder; start nothing."""
        ...
