"""The house in figures: `python -m tests.house.figures [FOLDER]`, of this checkout or another one."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path

from tests import ROOT
from tests.house.ceilings import PRODUCT


def figures_of(root: Path) -> dict[str, int]:
    """Rooms (folders with modules), modules, statements, public names (of modules) and the largest of each kind."""
    found: Counter[str] = Counter()
    rooms: Counter[Path] = Counter()
    longest = {"longest file": 0, "longest class": 0, "longest function": 0}
    for path in [root / "main.py", *(p for top in PRODUCT for p in (root / top).rglob("*.py"))]:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        found["modules"] += path.name != "__init__.py"
        rooms[path.parent] += path.name != "__init__.py"
        found["statements"] += sum(isinstance(node, ast.stmt) for node in ast.walk(tree))
        found["public names"] += sum(not name.startswith("_") for node in tree.body for name in _named(node))
        longest["longest file"] = max(longest["longest file"], text.count("\n"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                kind = "longest class" if isinstance(node, ast.ClassDef) else "longest function"
                longest[kind] = max(longest[kind], (node.end_lineno or node.lineno) - node.lineno + 1)
    full = [count for count in rooms.values() if count]
    return {"rooms": len(full), **found, "most modules in a room": max(full), **longest}


def _named(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


if __name__ == "__main__":
    for name, value in figures_of(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT).items():
        print(f"{name:<24}{value:>8,}")
