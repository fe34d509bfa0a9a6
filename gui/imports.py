"""Python's own import for the window's process: PySide6 reads the source of every module otherwise."""

from __future__ import annotations

import builtins

import PySide6.QtCore  # noqa: F401


def plain_imports() -> None:
    """Take PySide6's import hook away again, which it puts in at its own import.

    The hook reads each module's source and looks for the word PySide6 in it, for the sake of `from __feature__ import
    snake_case`, which nothing here uses (tests/unit/house/test_late.py): some 1,000 files and a fifth of the time that
    imports take. What it stands in front of is kept by PySide6 under a name of its own.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
