"""What a start reads and makes before the window is on screen, and that what comes later is none the worse for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

import main
from db.store.session import open_database
from engine.domain.inspection import Outcome
from engine.system.places import database_url
from gui.page import JudgingPage, TakesFolder
from gui.theme.theme import Theme
from gui.widgets.charts.trend import YieldTrend
from gui.window.ahead import PagesAhead
from tests import ROOT
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource, press

CHILD = """
import json, sys
import main
from gui.imports import plain_imports
plain_imports()
from gui.window.window import MainWindow
def show(window, event, shown=MainWindow.showEvent):
    shown(window, event)
    print(json.dumps(sorted(sys.modules)))
MainWindow.showEvent = show
code = main.main(["--demo", "--frames", "1"])
print(json.dumps(sorted(sys.modules)))
sys.exit(code)
"""
NEVER = {
    "torch",
    "torchvision",
    "lightning_fabric",
    "sklearn",
    "onnx",
    "trainer",
    "alembic",
    "mako",
    "jinja2",
    "xlsxwriter",
}
"""Packages that no station reads for its first verdict, once its database is there."""
LATER = {"pyqtgraph", "openvino", "engine.importing", "engine.gate", "gui.training"}
"""Packages that the window does not need to be on screen."""
PAGES = {path.parent.name for path in (ROOT / "gui" / "pages").glob("*/page.py")} - {"live"}


def read(modules: str, among: set[str]) -> set[str]:
    """Those of these packages that a process had read."""
    return {name for module in json.loads(modules) for name in among if f"{module}.".startswith(f"{name}.")}


def test_window_is_on_screen_before_what_it_does_not_need_is_read(tmp_path: Path) -> None:
    open_database(database_url(tmp_path / "demo")).close()
    settings = {"LINESIDE_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", CHILD]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    shown, ended = (line for line in done.stdout.splitlines() if line.startswith("["))
    assert read(shown, NEVER | LATER | {f"gui.pages.{page}" for page in PAGES}) == set()
    assert read(ended, NEVER | {f"gui.pages.{page}" for page in PAGES}) == set()
    assert read(ended, LATER) >= {"openvino"}


def test_command_line_offers_the_pages_that_the_window_has(opened: Open) -> None:
    assert list(opened().window.pages) == list(main.PAGES)


def test_each_page_is_made_when_its_key_is_pressed_for_the_first_time(opened: Open) -> None:
    station = opened()
    pages = station.window._body.pages
    assert [entry.name for entry in pages.entries if entry.made] == ["live"]
    on_rail = [entry for entry in pages.entries if entry.on_rail]
    for number, entry in reversed(list(enumerate(on_rail, start=1))):
        press(station, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        assert station.window.page == entry.name
        assert entry.widget.isVisible()
        own = entry.page.keys()
        assert [key[:2] for key in station.window.keyboard.tables["page"]] == [key[:2] for key in own]
    station.context.pageAsked.emit("teach-in")
    assert all(entry.made for entry in pages.entries)
    assert not station.window.make_next()


def test_pages_on_which_parts_are_judged_and_the_one_folders_are_dropped_for(opened: Open) -> None:
    window = opened().window
    while window.make_next():
        pass
    entries = window._body.pages.entries
    assert {entry.name for entry in entries if isinstance(entry.widget, JudgingPage)} == {"live", "teach-in"}
    scan = window._body.pages.named("scan")
    offer: TakesFolder = scan.widget  # type: ignore[assignment]
    assert callable(offer.offer)


def test_rebuilding_makes_only_what_is_on_screen(opened: Open) -> None:
    station = opened()
    station.window.go("models")
    station.window.rebuild()
    assert [entry.name for entry in station.window._body.pages.entries if entry.made] == ["live", "models"]


def test_pages_nobody_asked_for_are_made_once_a_part_is_on_screen(opened: Open, qtbot: QtBot) -> None:
    station = opened(open=lambda _uri: ScriptedSource(2))
    PagesAhead(station.context, station.window)
    pages = station.window._body.pages
    assert [entry.name for entry in pages.entries if entry.made] == ["live"]
    station.line.start()
    qtbot.waitUntil(lambda: all(entry.made for entry in pages.entries), timeout=60_000)
    assert station.window.page == "live"


@pytest.mark.parametrize("scale", [1.25, 2.0])
def test_rail_keeps_the_width_of_its_words_while_pages_are_made(
    opened: Open, lineside_home: Path, scale: float
) -> None:
    lineside_home.mkdir()
    (lineside_home / "settings.json").write_text(json.dumps({"schema_version": 1, "language": "de", "scale": scale}))
    window = opened(size=(1280, 720)).window
    widths = [window.rail.width()]
    while window.make_next():
        QApplication.sendPostedEvents()
        widths.append(window.rail.width())
    assert window.width() == 1280
    assert window._body.pages.minimumSizeHint().width() > 1280 - widths[0], "the pages ask for more than there is"
    assert set(widths) == {window.rail.sizeHint().width()}
    assert all(b.width() >= b.sizeHint().width() for b in window.rail.findChildren(QToolButton))


def test_page_that_cannot_be_made_leaves_the_one_before_on_screen(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = opened()
    entry = station.window._body.pages.named("reports")

    def broken() -> QWidget:
        raise RuntimeError("no page")

    monkeypatch.setattr(entry, "_make", broken)
    with pytest.raises(RuntimeError):
        station.window.go("reports")
    assert station.window.page == "live"


def test_trend_is_drawn_from_the_first_part_on(qtbot: QtBot) -> None:
    trend = YieldTrend(Theme())
    qtbot.addWidget(trend)
    trend.show()
    assert trend.plot is None
    trend.add(Outcome.OK)
    qtbot.waitUntil(lambda: trend.plot is not None, timeout=20_000)
    assert trend.points == (100.0,)


class Appearing(QObject):
    """Remembers what comes on screen as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watches only."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.kinds.append(type(watched).__name__)
        return False


def test_page_made_on_demand_flashes_no_window_and_has_the_keys(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    window = station.window
    qtbot.waitUntil(window.isActiveWindow)
    appearing = Appearing()
    QApplication.instance().installEventFilter(appearing)
    for entry in window._body.pages.entries:
        window.show_page(entry.name)
        qtbot.waitUntil(window.isActiveWindow)
        assert entry.widget.isAncestorOf(QApplication.focusWidget()), entry.name
    QApplication.instance().removeEventFilter(appearing)
    assert appearing.kinds == []
