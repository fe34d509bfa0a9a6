"""A way through the house, walked: the files on the stacks from an act of a person (or a frame) to what comes of it.

`python -m pytest -n0 -p tests.house.ways TEST` prints them in the order they are entered, for the acts in ENDS that the
test makes happen, and how often a file calls one that was entered before it. What is left out is furniture: themes,
languages, widgets, jobs, and the words of the domain. Works on an older checkout too (PYTHONPATH=THIS:OLD).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType

import pytest

ROOT = f"{Path.cwd()}/"
TOPS = ("engine/", "db/", "gui/", "trainer/")
FURNITURE = (
    *("gui/theme", "gui/widgets", "gui/i18n", "gui/jobs", "gui/language", "gui/messages", "gui/icons", "gui/tables"),
    *("engine/errors", "engine/domain", "engine/events", "engine/product", "db/session", "db/store"),
)
ENDS = {
    *("choose_package", "load_model", "read_picture", "decide", "inspections.add", "table.add", "add_override"),
    *("open_package", "write_package", "open_dataset", "fit", "calibrated"),
}
"""Functions by name, or by module and name: a model is chosen and loaded, a picture read, judged, recorded …"""
_names: dict[str, str] = {}
_lock = threading.Lock()
_order: dict[str, int] = {}
_back: set[tuple[str, str]] = set()


def _file(path: str) -> str:
    """Relative to the checkout; empty for what is not the product's."""
    if path not in _names:
        inside = path.removeprefix(ROOT) if path.startswith(ROOT) else ""
        _names[path] = inside if inside.startswith(TOPS) else ""
    return _names[path]


def _watch(frame: FrameType, event: str, _argument: object) -> None:
    if event != "call" or not (file := _file(frame.f_code.co_filename)):
        return
    name = frame.f_code.co_name
    if name not in ENDS and f"{Path(file).stem}.{name}" not in ENDS:
        return
    stack: list[str] = []
    at: FrameType | None = frame
    while at is not None:
        inside = _file(at.f_code.co_filename)
        if inside and not inside.startswith(FURNITURE) and stack[-1:] != [inside]:
            stack.append(inside)
        at = at.f_back
    stack.reverse()
    with _lock:
        for entered in stack:
            _order.setdefault(entered, len(_order))
        _back.update((a, b) for a, b in pairwise(stack) if _order[b] < _order[a])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Watch the test itself, and every thread that it starts."""
    threading.setprofile(_watch)
    sys.setprofile(_watch)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The way, a file a line."""
    terminalreporter.write_line(f"{len(_order)} files, {len(_back)} turns back")
    for file in _order:
        terminalreporter.write_line(f"  {file}")
