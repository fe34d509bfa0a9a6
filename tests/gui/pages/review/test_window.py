"""Review in the window as gui/app.py composes it: real keys, parts of a run that just ended."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from db.inspections import overrides
from db.inspections import table as inspections
from engine.domain.inspection import Inspection, Outcome
from gui.app import Station
from gui.pages.models.page import ModelsPage
from gui.pages.review.page import ReviewPage
from gui.pages.scan.page import ScanPage
from tests.gui.conftest import Open
from tests.gui.standins import loader, press

Key = Qt.Key


def reviewed(qtbot: QtBot, station: Station) -> tuple[ReviewPage, list[Inspection]]:
    """Run the line to its end, then look back; newest first."""
    seen: list[Inspection] = []
    station.context.recorded.connect(seen.extend)
    with qtbot.waitSignal(station.line.finished, timeout=10_000):
        station.line.start()
    qtbot.waitUntil(lambda: len(seen) == 5, timeout=5000)
    station.window.go("review")
    page = station.window.findChild(ReviewPage)
    assert isinstance(page, ReviewPage)
    qtbot.waitUntil(lambda: page.part.view.pixels is not None, timeout=5000)
    return page, seen[::-1]


def test_two_keys_overrule_a_part_and_its_picture_is_kept(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ok"))
    _page, parts = reviewed(qtbot, station)
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        press(station, Key.Key_1)
        press(station, Key.Key_Return)
    said = overrides.in_force(station.context.db, parts[0].id)
    assert said is not None
    assert said.outcome is Outcome.NG
    stored = inspections.get(station.context.db, parts[0].id)
    assert stored is not None
    assert stored.image is not None


def test_letters_go_into_the_reason_and_enter_leaves_it(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng"))
    page, parts = reviewed(qtbot, station)
    press(station, Key.Key_O)
    press(station, Key.Key_W)
    qtbot.waitUntil(page.panel.why.hasFocus, timeout=2000)
    qtbot.keyClicks(page.panel.why, "no rust")
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        qtbot.keyClick(page.panel.why, Key.Key_Return)
    said = overrides.in_force(station.context.db, parts[0].id)
    assert said is not None
    assert (said.outcome, said.why) == (Outcome.OK, "no rust")
    assert not page.panel.why.hasFocus()


def test_pages_fit_the_smallest_window(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng"))
    reviewed(qtbot, station)
    station.window.resize(1280, 720)
    for name in ("review", "scan", "models"):
        station.window.go(name)
        qtbot.wait(50)
        assert (station.window.width(), station.window.height()) == (1280, 720)
    for kind in (ReviewPage, ScanPage, ModelsPage):
        page = station.window.findChild(kind)
        assert page is not None
        bound = page.keys()
        keys = [b.sequence for b in bound]
        assert len(keys) == len(set(keys))
