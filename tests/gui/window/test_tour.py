"""The guided start, driven by real keys on a scripted line: every step waits for its act; it never comes uninvited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from db.inspections import overrides
from db.inspections.table import Filter, page
from engine.settings import load_settings
from gui.app import Station
from gui.pages.teach_in.page import COLLECT, TeachInPage
from gui.window.tour.first_run import ASK, FirstRun
from gui.window.tour.presenter import CHOOSE, LOOK, OVERRULE, READ, START, UNDO
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource, live_page, loader, press

PATIENCE = 20_000


def begin(opened: Open, **changes: object) -> tuple[Station, FirstRun]:
    line = {"source": "demo:", "load": loader("ng"), "open": lambda _uri: ScriptedSource(20_000, every=0.05)}
    station = opened(**line | changes)
    return station, station.first_run


def shown(tour: FirstRun) -> bool:
    return tour.tour.on


def waits(qtbot: QtBot, so: Callable[[], bool]) -> None:
    qtbot.waitUntil(so, timeout=PATIENCE)


def test_five_acts_by_key_then_what_to_inspect(qtbot: QtBot, opened: Open) -> None:
    station, tour = begin(opened)
    assert tour.start_if_wanted()
    waits(qtbot, lambda: tour.card.isVisible() and not tour.pointer.target.isEmpty())
    assert tour.tour.step == START and tour.card.place.text() == "1 of 5"
    press(station, Qt.Key.Key_Space)
    waits(qtbot, lambda: tour.tour.step == READ and tour.card.ahead.isVisible())
    press(station, Qt.Key.Key_Return)
    assert tour.tour.step == OVERRULE
    press(station, Qt.Key.Key_O)
    waits(qtbot, lambda: tour.tour.step == UNDO)
    said = page(station.context.db, Filter(overridden=True), limit=1).rows
    assert said[0].override is not None
    press(station, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    waits(qtbot, lambda: tour.tour.step == LOOK)
    assert overrides.in_force(station.context.db, said[0].inspection.id) is None
    press(station, Qt.Key.Key_Right)
    waits(qtbot, lambda: bool(live_page(station).film.selected))
    waits(qtbot, lambda: tour.tour.seen.looked)
    assert tour.tour.step == LOOK
    press(station, Qt.Key.Key_Escape)
    waits(qtbot, lambda: tour.tour.step == CHOOSE)
    press(station, Qt.Key.Key_4)
    assert station.window.page == "teach-in" and not tour.tour.on
    teach_in = station.window.findChildren(TeachInPage)[0]
    waits(qtbot, lambda: teach_in.step == COLLECT)
    press(station, Qt.Key.Key_N)
    waits(qtbot, lambda: teach_in.busy)
    press(station, Qt.Key.Key_Escape)
    assert not teach_in.busy and station.window.page == "teach-in"
    waits(qtbot, lambda: not load_settings(station.context.folder).first_run)


def test_a_line_that_runs_already_is_paused_first_and_a_rebuilt_window_goes_on(qtbot: QtBot, opened: Open) -> None:
    station, tour = begin(opened)
    station.line.start()
    waits(qtbot, lambda: station.line.state == "Running")
    tour.start()
    assert "Pause" in tour.card.title.text()
    press(station, Qt.Key.Key_Space)
    waits(qtbot, lambda: tour.tour.step == READ)
    assert station.line.state == "Paused"
    station.context.resized.emit()
    waits(qtbot, lambda: tour.card.ahead.isVisible() and not tour.pointer.target.isEmpty())
    assert tour.tour.step == READ


def test_escape_ends_it_for_good_and_the_settings_bring_it_back(qtbot: QtBot, opened: Open) -> None:
    station, tour = begin(opened)
    tour.start_if_wanted()
    press(station, Qt.Key.Key_Escape)
    assert not shown(tour) and not station.context.settings.first_run
    assert not tour.start_if_wanted()
    station.context.pageAsked.emit(ASK)
    assert shown(tour) and tour.tour.step == START
    tour.card.skip.click()
    assert not shown(tour)


def test_a_real_source_is_only_explained_and_stored_parts_keep_it_away(qtbot: QtBot, opened: Open) -> None:
    station, tour = begin(opened)
    station.line.options = replace(station.line.options, source="gige:1234")
    assert not tour.start_if_wanted()
    tour.start()
    for step in (READ, OVERRULE, UNDO, LOOK, CHOOSE):
        press(station, Qt.Key.Key_Return)
        assert tour.tour.step == step
    assert set(tour.card.ways) == {"camera", "folder", "model", "product", "demo"}
    tour.card.skip.click()
    station.context.settings.first_run = True
    station.line.options = replace(station.line.options, source="demo:")
    station.line.start()
    waits(qtbot, lambda: bool(page(station.context.db, Filter(), limit=1).rows))
    assert not tour.start_if_wanted()
    assert station.context.settings.first_run
