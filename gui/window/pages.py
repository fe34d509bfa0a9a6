"""The window's pages: each is made, and put into the stack, when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtWidgets import QStackedWidget

from gui.window.rail import Entry


class Pages(QStackedWidget):
    """The first page is made at once; `shown` is the one on screen."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self.entries = tuple(entries)
        self.shown = self.entries[0]
        self._make(self.shown)

    def put_up(self, name: str) -> None:
        """Bring the page of this name on screen."""
        entry = self.named(name)
        self._make(entry)
        self.shown = entry
        self.setCurrentWidget(entry.widget)

    def named(self, name: str) -> Entry:
        """The page of this name, made or not."""
        return next(entry for entry in self.entries if entry.name == name)

    def make_next(self) -> bool:
        """Make one that nobody asked for yet; False where all are made."""
        entry = next((entry for entry in self.entries if not entry.made), None)
        if entry is not None:
            self._make(entry)
        return entry is not None

    @property
    def held(self) -> str:
        """Why they cannot be made anew now, in words; empty = they can."""
        return next((reason for entry in self._made() if (reason := entry.page.held())), "")

    def close_pages(self) -> None:
        """Have each let go; the stack is of no use any more."""
        for entry in self._made():
            entry.page.close_page()

    def _made(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.made)

    def _make(self, entry: Entry) -> None:
        if self.indexOf(entry.widget) < 0:
            self.addWidget(entry.widget)
