"""What Live does where parts do not count, and where no source is chosen yet; by key and mouse."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from db.inspections.table import page
from db.users import trail
from engine.domain.inspection import Inspection
from engine.errors import UsageError
from engine.settings import load_settings
from gui.app import GuiOptions, compose
from gui.line.line import STOPPED
from gui.pages.settings.simulated import SimulatedPanel
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource, live_page, loader, press

PATIENCE = 20_000
CTRL = Qt.KeyboardModifier.ControlModifier


def demo_like(count: int) -> ScriptedSource:
    made = ScriptedSource(count)
    made.uri = "demo:"
    return made


def test_set_up_is_loud_does_not_count_and_is_left_by_its_button(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: ScriptedSource(3))
    live = live_page(station)
    assert live.origin_bar.text == "" and live.setup.isVisible()
    press(station, Qt.Key.Key_U, CTRL)
    qtbot.waitUntil(lambda: live.origin_bar.text.startswith("SET-UP "), timeout=PATIENCE)
    assert "do not count" in live.origin_bar.text and "Set-up" in live.scope.text() and not live.setup.isVisible()
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: live.counters.counts.total == 3, timeout=PATIENCE)
    assert {str(row.inspection.traveller.origin) for row in page(station.context.db).rows} == {"set-up"}
    qtbot.mouseClick(live.origin_bar.button, Qt.MouseButton.LeftButton)
    assert live.origin_bar.text == "" and live.counters.counts.total == 0
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: live.counters.counts.total == 3, timeout=PATIENCE)
    qtbot.waitUntil(lambda: station.context.jobs.busy == 0, timeout=PATIENCE)
    told = [(entry.what, entry.detail) for entry in trail.entries(station.context.db)]
    assert told[:2] == [("parts judged for", "production"), ("parts judged for", "set-up")]


def test_set_up_is_forgotten_by_the_next_start_and_kept_by_a_rebuilt_window(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    qtbot.mouseClick(live_page(station).setup, Qt.MouseButton.LeftButton)
    station.window.rebuild()
    assert live_page(station).origin_bar.text.startswith("SET-UP")
    assert live_page(opened()).origin_bar.text == ""


def test_simulated_parts_are_named_on_a_real_station_and_not_on_the_demo_s(qtbot: QtBot, opened: Open) -> None:
    station = opened(source="demo:", open=lambda _uri: demo_like(3))
    live = live_page(station)
    assert live.origin_bar.text.startswith("SIMULATED") and not live.origin_bar.button.isVisible()
    press(station, Qt.Key.Key_U, CTRL)
    qtbot.waitUntil(lambda: "do not count anyway" in live.aside.text(), timeout=PATIENCE)
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: live.counters.counts.total == 3, timeout=PATIENCE)
    assert "Simulated" in live.scope.text()
    assert live_page(opened(source="", demo=True)).origin_bar.text == ""


def test_simulated_parts_that_were_removed_are_counted_and_shown_no_more(qtbot: QtBot, opened: Open) -> None:
    station = opened(source="demo:", load=loader("review"), open=lambda _uri: demo_like(3))
    live = live_page(station)
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: live.counters.counts.total == len(live.film.parts) == 3, timeout=PATIENCE)
    qtbot.waitUntil(lambda: station.context.jobs.busy == 0, timeout=PATIENCE)
    press(station, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: live.presenter.looking, timeout=PATIENCE)
    station.window.go("settings")
    panel = station.window.findChild(SimulatedPanel)
    assert panel is not None
    qtbot.waitUntil(panel.button.isVisible, timeout=PATIENCE)
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    box = panel.findChild(QMessageBox)
    assert box is not None and "3 parts of them without a decision on Review." in box.informativeText()
    box.accept()
    qtbot.waitUntil(lambda: live.counters.counts.total == 0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: live.film.parts == () and not live.presenter.looking, timeout=PATIENCE)
    assert page(station.context.db).rows == ()


def test_the_bar_follows_the_source_that_is_chosen_while_nothing_runs(qtbot: QtBot, opened: Open) -> None:
    station = opened(source="demo:", open=lambda uri: demo_like(3) if uri == "demo:" else ScriptedSource(3))
    live = live_page(station)
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Qt.Key.Key_Space)
    station.line.use("folder:/parts")
    assert live.origin_bar.text == "" and "Simulated" not in live.scope.text()
    press(station, Qt.Key.Key_U, CTRL)
    qtbot.waitUntil(lambda: live.origin_bar.text.startswith("SET-UP"), timeout=PATIENCE)
    station.line.use("demo:")
    assert live.origin_bar.text.startswith("SIMULATED")
    station.line.use("folder:/parts")
    assert live.origin_bar.text.startswith("SET-UP"), "what was said still holds"


def test_a_trial_is_as_loud_as_set_up_and_ends_by_the_same_button(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    live = live_page(station)
    station.window.go("teach-in")
    press(station, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: station.line.state != STOPPED, timeout=PATIENCE)
    station.window.go("live")
    assert live.origin_bar.text.startswith("TRIAL") and "Trial" in live.scope.text()
    qtbot.mouseClick(live.origin_bar.button, Qt.MouseButton.LeftButton)
    assert live.origin_bar.text == ""


def test_set_up_switched_while_the_line_runs_is_written_as_it_held(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: ScriptedSource(60, every=0.01))
    live = live_page(station)
    switched: list[tuple[int, str]] = []

    def switch(batch: list[Inspection]) -> None:
        held = {str(part.traveller.origin) for part in batch}
        if len(switched) < 4 and held == {str(station.line.origin)}:
            press(station, Qt.Key.Key_U, CTRL)
            switched.append((batch[-1].frame.sequence, str(station.line.origin)))

    station.context.recorded.connect(switch)
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: station.context.jobs.busy == 0, timeout=PATIENCE)
    rows = sorted((row.inspection for row in page(station.context.db).rows), key=lambda part: part.frame.sequence)
    runs = [origin for origin, _ in itertools.groupby(str(part.traveller.origin) for part in rows)]
    assert len(rows) == 60 and runs == ["production", "set-up"] * (len(runs) // 2) + ["production"] * (len(runs) % 2)
    assert len(switched) == 4 and len(runs) == 5, "no row fell back, none came too early"
    live.counts.tally.begin()
    mine = sum(part.traveller.origin is station.line.origin for part in rows)
    qtbot.waitUntil(lambda: live.counters.counts.total == mine, timeout=PATIENCE)


def test_without_a_source_it_is_asked_for_and_nothing_is_simulated(qtbot: QtBot, opened: Open) -> None:
    station = opened(source="")
    live = live_page(station)
    assert live.choose.isVisible() and not live.view.isVisible()
    press(station, Qt.Key.Key_Space)
    assert station.line.state == STOPPED and page(station.context.db).rows == ()
    for way in ("camera", "files"):
        qtbot.mouseClick(live.choose.buttons[way], Qt.MouseButton.LeftButton)
        assert station.window.page == "camera"
        station.window.go("live")
    station.line.use("folder:/parts")
    station.window.go("review")
    station.window.go("live")
    assert live.view.isVisible() and not live.choose.isVisible()


def test_the_demo_line_is_chosen_by_a_click_and_the_first_time_shown_around(qtbot: QtBot, opened: Open) -> None:
    station = opened(source="", open=lambda _uri: demo_like(3))
    live = live_page(station)
    qtbot.mouseClick(live.choose.buttons["demo"], Qt.MouseButton.LeftButton)
    assert station.first_run.tour.on and live.view.isVisible()
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Qt.Key.Key_Space)
    assert {str(row.inspection.traveller.origin) for row in page(station.context.db).rows} == {"simulated"}
    station.context.write_settings()
    assert load_settings(station.context.folder).source == "demo:"


def test_who_went_through_the_tour_has_the_demo_line_run_at_once(qtbot: QtBot, opened: Open) -> None:
    station = opened(source="", open=lambda _uri: demo_like(3))
    station.context.settings.first_run = False
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        qtbot.mouseClick(live_page(station).choose.buttons["demo"], Qt.MouseButton.LeftButton)
    assert not station.first_run.tour.on


def test_unattended_a_source_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No source is chosen"):
        compose(GuiOptions(frames=3))
