"""What the tasks have in common: going to a page, giving a reason, changing over, reading what judges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from db.inspections.table import count, page
from db.store.session import Database
from engine.domain.inspection import Inspection
from gui.pages.live.page import LivePage
from gui.users.why_dialog import WhyDialog
from tests.e2e.operator import Operator, Script

W = TypeVar("W", bound=QWidget)
Seen = dict[str, object]
Session = Callable[[Operator, Path, Seen], Script]
"""One sitting at the window: it acts on what lies beside the station and notes what a person reads."""


def database(operator: Operator) -> Database:
    """The station's, as it is on disk."""
    return operator.window._context.db


def newest(operator: Operator) -> Inspection:
    """The last part on record."""
    return page(database(operator), limit=1).rows[0].inspection


def running(operator: Operator) -> Script:
    """The line runs, and parts are recorded."""
    operator.step = "the line runs"
    yield lambda: bool(operator.all(LivePage))
    live = operator.see(LivePage)
    yield lambda: live._line.state == "Running"
    before = count(database(operator))
    yield lambda: count(database(operator)) > before


def judges(operator: Operator) -> str:
    """What the bar at the bottom says of product, recipe and model; how it is computed and how fast left out."""
    return operator.window.status.text("judge").split("  ")[0].removesuffix(" (INT8)")


def give_reason(operator: Operator, words: str) -> Script:
    """Say why, and Enter."""
    yield lambda: bool(operator.all(WhyDialog))
    operator.type(operator.see(WhyDialog).why, words)
    operator.key("Return")
    yield lambda: not operator.all(WhyDialog)


def menu_of(operator: Operator) -> QMenu | None:
    """The change-over's menu while it is open."""
    return operator.see(LivePage).change.menu


def change_over(operator: Operator, *path: str, by_mouse: bool = False) -> Script:
    """In the open menu to this entry, into the menus below: by the arrow keys and Enter, or with the mouse.

    Goes by what is open, as a person does: a menu below that closed again is opened once more.
    """
    operator.step = f"change over to {' › '.join(path)}"
    yield lambda: menu_of(operator) is not None
    while menu_of(operator) is not None:
        menu = QApplication.activePopupWidget()
        if isinstance(menu, QMenu):
            entries = {action.text(): action for action in menu.actions()}
            word = path[0] if menu is menu_of(operator) else path[-1]
            assert word in entries, f"the menu has {list(entries)}"
            if by_mouse:
                QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entries[word]).center())
            else:
                _step_to(operator, menu, entries[word])
                operator.key("Return" if word == path[-1] else "Right")
        yield operator.after(0.3)


def _step_to(operator: Operator, menu: QMenu, action: QAction) -> None:
    for _ in menu.actions():
        if menu.activeAction() is action:
            return
        operator.key("Down")


def go_to(operator: Operator, key: str, kind: type[W]) -> Script:
    """This page, by its key on the rail."""
    operator.step = f"open {kind.__name__}"
    operator.key(key)
    yield lambda: bool(operator.all(kind))


def patient(until: Callable[[], object], seconds: float = 600.0) -> Callable[[], object]:
    """Something that may take minutes on a busy machine."""
    until.patience = seconds  # type: ignore[attr-defined]
    return until
