"""What lies in a watched folder and is never judged: each reason is told once, when the first of its kind is seen."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from engine.images.listing import LOUD, LeftOut, Listing, Why, why_not
from engine.sources.base import SourceRemark
from engine.sources.files.remarks import not_judged

SILENT = frozenset((Why.MASK, Why.UNFINISHED))
"""On a line a name that ends in _label is a picture of a label, and what is unfinished is waited for."""


class Bystanders:
    """Looks at what a watched folder does not take for pictures; costs nothing for what it has seen."""

    def __init__(self, folder: Path, passed_over: Path | None = None) -> None:
        self._folder = folder
        self._passed_over = None if passed_over is None else passed_over.name
        self._seen: set[str] = set()
        self._told: set[Why] = set()

    def look(self, entries: Iterable[os.DirEntry[str]]) -> tuple[SourceRemark, ...]:
        """These lie there now; what is to be said of them for the first time."""
        entries = list(entries)
        new = [entry for entry in entries if entry.name not in self._seen]
        self._seen = {entry.name for entry in entries}
        found = [LeftOut(Path(entry.path), why) for entry in new if (why := self._why(entry)) is not None]
        fresh = [left for left in found if left.why not in self._told]
        self._told |= {left.why for left in fresh}
        return not_judged(Listing(self._folder, (), tuple(fresh)))

    def _why(self, entry: os.DirEntry[str]) -> Why | None:
        if entry.name.startswith("."):
            return None
        if entry.is_dir():
            return None if entry.name == self._passed_over else Why.NOT_ENTERED
        why = why_not(entry)
        return why if why in LOUD and why not in SILENT else None
