"""The product's modules as syntax trees, for what is held of the code as it is written."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

from tests import ROOT
from tests.house.ceilings import PRODUCT

SOURCES = (*(path for part in PRODUCT for path in sorted((ROOT / part).rglob("*.py"))), ROOT / "main.py")
"""Every module of the product."""
KEPT = 2
"""Trees of hundreds of modules at once would be gone over with every turn of the garbage collector."""


@lru_cache(KEPT)
def nodes_of(text: str) -> tuple[ast.AST, ...]:
    """All nodes of a module, itself first; parsed and walked once for all that ask about the same text."""
    return tuple(ast.walk(ast.parse(text)))


def nodes_in(path: Path, *words: str) -> tuple[ast.AST, ...]:
    """All nodes of the module in this file, itself first; none where its text has none of these words."""
    text = path.read_text(encoding="utf-8")
    return nodes_of(text) if not words or any(word in text for word in words) else ()
