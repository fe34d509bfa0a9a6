"""Alarms on the Live page: raised by the line's results, stored, acknowledged by a key, seen from every page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from db.users.alarms import list_alarms, unacknowledged
from engine import events
from engine.domain.inspection import Inspection
from engine.station.alarms import AlarmKind
from gui.app import Station
from gui.pages.live.panels import ActButton
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource, live_page, loader, press

PATIENCE = 20_000


@contextmanager
def ring(station: Station) -> Iterator[list[str]]:
    """The tones asked for; nothing is played."""
    heard: list[str] = []
    station.line.alarms._sounds.alarm = lambda: heard.append("alarm")  # type: ignore[method-assign]
    yield heard


def run(qtbot: QtBot, station: Station) -> None:
    """To the end, with everything shown and stored."""
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        station.line.start()
    station.bridge.drain()
    qtbot.waitUntil(lambda: station.context.jobs.busy == 0, timeout=PATIENCE)


def test_ng_in_a_row_alarms_until_q_acknowledges(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng"), open=lambda _uri: ScriptedSource(3))
    station.context.settings.operator = "Ana"
    station.context.settings.alarms.ng_in_row = 3
    bar = live_page(station).alarm_bar
    with ring(station) as heard:
        run(qtbot, station)
        qtbot.waitUntil(lambda: "3 NG in a row; the last is part 3." in bar.text, timeout=PATIENCE)
        assert bar.isVisible() and heard == ["alarm"]
        (stored,) = unacknowledged(station.context.db)
        assert stored.kind == "in_row" and stored.message in bar.text and stored.inspection_id
        press(station, Qt.Key.Key_Q)
        qtbot.waitUntil(lambda: not bar.isVisible(), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not unacknowledged(station.context.db), timeout=PATIENCE)
    (seen,) = list_alarms(station.context.db)
    assert seen.acknowledged_by == "Ana" and seen.acknowledged_at is not None


def test_defect_in_one_place_names_lens_and_tool(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng"), open=lambda _uri: ScriptedSource(1))
    station.context.settings.alarms.same_place = 2
    parts: list[Inspection] = []
    seen: list[str] = []
    station.context.recorded.connect(parts.extend)
    station.line.alarms.raised.connect(lambda alarm: seen.append(alarm.message))
    with ring(station):
        run(qtbot, station)
        qtbot.waitUntil(lambda: len(parts) == 1, timeout=PATIENCE)
        # The same picture twice: the defect cannot be anywhere else.
        station.context.recorded.emit(list(parts))
        station.line.alarms.acknowledge()
    assert seen == ["A defect in the same place on 2 parts in a row: a dirty lens or a tool mark? The last is part 1."]


def test_alarms_are_marked_on_every_page_and_come_back_after_a_restart(qtbot: QtBot, opened: Open) -> None:
    first = opened(load=loader("ng"), open=lambda _uri: ScriptedSource(3))
    first.context.settings.alarms.ng_in_row = 3
    first.window.go("review")
    with ring(first):
        run(qtbot, first)
        qtbot.waitUntil(lambda: len(first.line.alarms.waiting) == 1, timeout=PATIENCE)
    assert "ALARM" in first.window.notices.notices[-1].message
    assert first.window.rail._buttons["live"].text() == "Alarms: 1"
    second = opened()
    with ring(second):
        bar = live_page(second).alarm_bar
        qtbot.waitUntil(bar.isVisible, timeout=PATIENCE)
        assert "3 NG in a row" in bar.text
        bar.button.click()
        assert not bar.isVisible() and second.window.rail._buttons["live"].text() == "Live"
        qtbot.waitUntil(lambda: not unacknowledged(second.context.db), timeout=PATIENCE)
    second.window.go("live")


def test_missed_triggers_are_one_alarm_until_it_is_acknowledged(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    with ring(station) as heard:
        for number in range(3):
            station.bridge.publish(events.Alarmed(f"Trigger {number} got no picture in 0.8 s.", "Look at the trigger."))
        station.bridge.drain()
        assert "Trigger 0" in live_page(station).alarm_bar.text and heard == ["alarm"]
        station.line.alarms.acknowledge()
        station.bridge.publish(events.Alarmed("Trigger 9 got no picture in 0.8 s."))
        station.bridge.drain()
        assert "Trigger 9" in live_page(station).alarm_bar.text
        station.line.alarms.acknowledge()
    qtbot.waitUntil(lambda: len(list_alarms(station.context.db)) == 2, timeout=PATIENCE)


def test_alarm_stays_on_the_page_that_is_built_anew_and_the_old_one_does_not_answer(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    before = live_page(station)
    with ring(station):
        station.bridge.publish(events.Alarmed("A trigger got no picture."))
        station.bridge.drain()
        station.window.rebuild()
        after = live_page(station)
        assert after is not before and "A trigger got no picture." in after.alarm_bar.text
        assert station.window.rail._buttons["live"].text() == "Alarms: 1"
        press(station, Qt.Key.Key_Q)
        qtbot.waitUntil(lambda: not after.alarm_bar.isVisible(), timeout=PATIENCE)
        qtbot.waitUntil(lambda: not station.window._past, timeout=PATIENCE)
        station.bridge.publish(events.Alarmed("Another trigger got no picture."))
        station.bridge.drain()
        assert "Another" in after.alarm_bar.text
        station.line.alarms.acknowledge()


@pytest.mark.parametrize(("way", "page"), [(0, "live"), (1, "teach-in")])
def test_unknown_parts_raise_a_banner_with_the_ways_out(qtbot: QtBot, opened: Open, way: int, page: str) -> None:
    station = opened(load=loader("unknown"), open=lambda _uri: ScriptedSource(5))
    live = live_page(station)
    bar = live.alarm_bar
    with ring(station) as heard:
        run(qtbot, station)
        said = "5 of the last 5 parts are unlike everything this model was taught. Another product?"
        qtbot.waitUntil(lambda: said in bar.text, timeout=PATIENCE)
        assert heard == ["alarm"], "no other alarm: an unknown part is no NG"
    assert [alarm.kind for alarm in unacknowledged(station.context.db)] == ["unknown"]
    buttons = bar.ways[AlarmKind.UNKNOWN].findChildren(ActButton)
    assert [button.isVisible() for button in buttons] == [True, True]
    qtbot.mouseClick(buttons[way], Qt.MouseButton.LeftButton)
    if page == "live":
        qtbot.waitUntil(lambda: live.change.menu is not None, timeout=PATIENCE)
        assert live.change.menu is not None
        live.change.menu.close()
    qtbot.waitUntil(lambda: station.window.page == page, timeout=PATIENCE)


def test_ctrl_t_leads_to_the_teach_in(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    press(station, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: station.window.page == "teach-in", timeout=PATIENCE)
