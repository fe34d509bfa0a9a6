"""Which samples belong together, from pairs that do."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MADE = re.compile(r"(?:.*/)?([^/]+)\.rf\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z]+")
"""Roboflow writes each picture, and each one that it makes of it, as NAME.rf.HASH.jpg."""


def source_of(key: str) -> str:
    """What a picture of Roboflow's was made of; empty for any other. Of two pictures of one name it is the same."""
    made = _MADE.fullmatch(key)
    return f"made of {made[1]}" if made else ""


def joined(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each name the least name of its group; two names are in one group when pairs lead from one to the other."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {name: root(name) for name in parent}
