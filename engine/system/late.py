"""Modules that are read when they are first needed: a station is on screen before it has read what no part needs yet.

The one way to do so; who may is listed in tests/unit/house/test_late.py, and why in docs/decisions/0019.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Late:
    """Stands for a module until something of it is asked for; from then on each name is the module's.

    It stands in the `else` of an `if TYPE_CHECKING:` that imports the module under the same name, so that types,
    import contracts and the bundle see a plain import.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:
        return getattr(import_module(self._name), wanted)
