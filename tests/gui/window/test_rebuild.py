"""The window's content is built anew while the line runs: nothing is lost and nothing old answers."""

from __future__ import annotations

from PySide6.QtWidgets import QDoubleSpinBox
from pytestqt.qtbot import QtBot

from gui.app import GuiOptions
from gui.pages.live.page import LivePage
from gui.pages.recipes.page import RecipesPage
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource


def test_rebuilding_the_window_leaves_the_line_running_and_the_new_page_fed(
    qtbot: QtBot, opened: Open, options: GuiOptions
) -> None:
    station = opened(open=lambda _uri: ScriptedSource(2000, every=0.02))
    station.window.go("review")
    station.line.start()
    qtbot.waitUntil(lambda: station.line.state == "Running", timeout=20_000)
    before = station.window.findChildren(LivePage)[0]
    station.window.rebuild()
    after = station.window.findChildren(LivePage)[0]
    assert after is not before
    assert station.window.page == "review"
    assert station.line.state == "Running"
    station.window.go("live")
    qtbot.waitUntil(lambda: after.target is not None, timeout=20_000)
    station.context.theme.choose("light")
    station.context.packageChanged.emit()
    station.line.trigger.changed.emit("software")
    station.context.notify("info", "still heard")
    qtbot.waitUntil(lambda: not station.window._past, timeout=20_000)
    station.context.theme.choose("dark")
    station.context.packageChanged.emit()
    station.line.imagingChanged.emit("warn", "too dark")
    assert [n.message for n in station.window.notices.notices][-1:] == ["still heard"]


def test_language_chosen_while_the_window_is_open_gives_the_fields_its_decimal_sign(opened: Open) -> None:
    station = opened()
    for code, sign in (("de", ","), ("en", ".")):
        station.context.language.choose(code)
        station.window.go("recipes")
        fields = station.window.findChildren(RecipesPage)[-1].findChildren(QDoubleSpinBox)
        assert fields and {field.locale().decimalPoint() for field in fields} == {sign}


def test_window_built_anew_says_at_once_how_much_disk_is_left(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    station.window._disk.stop()
    station.window.rebuild()
    said = station.window.status._labels["disk"]
    qtbot.waitUntil(lambda: said.text() != "", timeout=10_000)


def test_page_that_is_held_puts_the_rebuilding_off(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    scan = station.window._body.pages.entries[2].page
    scan.scanning.loading = True  # type: ignore[attr-defined]
    before = station.window.findChildren(LivePage)[0]
    station.window.rebuild()
    assert station.window.findChildren(LivePage)[0] is before
    scan.scanning.loading = False  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: station.window.findChildren(LivePage)[0] is not before, timeout=10_000)


def test_place_and_memory_come_back_after_a_restart_and_after_a_crash(qtbot: QtBot, opened: Open) -> None:
    first = opened()
    first.window.go("models")
    first.context.remember("review", lot="L-7")
    # As after a crash: the second window reads what was written by itself, not at the shutdown.
    qtbot.waitUntil(lambda: (first.context.folder / "settings.json").exists(), timeout=10_000)
    qtbot.waitUntil(lambda: first.context.jobs.busy == 0, timeout=10_000)
    second = opened()
    assert second.window.page == "models"
    assert second.context.memory("review") == {"lot": "L-7"}
