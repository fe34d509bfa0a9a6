"""The Live page: verdicts, counts, the operator's word in two keys, looks at the past, losses and failures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from db.inspections import overrides
from db.inspections import table as inspections
from engine.domain.inspection import Inspection, Outcome, as_plain
from gui.app import Station
from gui.viewer.cells import LABEL, SCORE, cell_text
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource, acted, live_page, loader, press, scan

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


def run_to_end(qtbot: QtBot, station: Station) -> list[Inspection]:
    """Start the line, wait until it stopped and everything is on screen; what was recorded."""
    seen: list[Inspection] = []
    station.context.recorded.connect(seen.extend)
    with qtbot.waitSignal(station.line.finished, timeout=10_000):
        station.line.start()
    station.bridge.drain()
    idle(qtbot, station)
    return seen


def idle(qtbot: QtBot, station: Station) -> None:
    """No key is held back, no job is under way."""
    qtbot.waitUntil(lambda: acted(station) and station.context.jobs.busy == 0)


@pytest.mark.parametrize(("script", "word"), [("ok", "OK"), ("ng", "NG"), ("review", "REVIEW"), ("fail", "NO VERDICT")])
def test_banner_shows_the_word_of_each_outcome(qtbot: QtBot, opened: Open, script: str, word: str) -> None:
    station = opened(load=loader(script))
    run_to_end(qtbot, station)
    assert live_page(station).banner.word == word
    assert live_page(station).banner.reason


def test_an_unknown_part_has_a_face_of_its_own_and_no_class(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("review", "unknown"), open=lambda _uri: ScriptedSource(2))
    known, part = run_to_end(qtbot, station)
    banner = live_page(station).banner
    assert banner.word == "REVIEW · UNKNOWN" and banner.reason.startswith("unknown part: ")
    assert not any(name in banner.toolTip() + banner.accessibleName() for name in ("scratch", "0.99"))
    assert (part.verdict.label, part.verdict.unknown, as_plain(part)["unknown"]) == ("", True, True)
    strange = banner.grab().toImage()
    banner.set_verdict(replace(known.verdict, label="", reasons=part.verdict.reasons))
    assert banner.grab().toImage() != strange
    (newest, _) = live_page(station).film.parts
    assert newest.inspection.id == part.id
    assert not live_page(station).view.overlaid, "its map would show where a class is not"
    for _ in range(2):
        press(station, Key.Key_Right)
    qtbot.waitUntil(lambda: live_page(station).view.overlaid)
    stored = inspections.get(station.context.db, part.id)
    assert stored is not None and stored.inspection.verdict.unknown
    assert [cell_text(stored, column) for column in (LABEL, SCORE)] == ["unknown", "–"]


def test_every_inspection_is_counted_and_stored_whatever_the_screen_skips(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ok", "ng", "review", "ok"), open=lambda _uri: ScriptedSource(200))
    seen = run_to_end(qtbot, station)
    assert len(seen) == 200
    shown = live_page(station).counters.counts
    assert (shown.ok, shown.ng, shown.review) == (100, 50, 50)
    stored = inspections.counts(station.context.db)
    assert (stored.ok, stored.ng, stored.review) == (100, 50, 50)
    assert station.bridge.show.replaced > 0


def test_o_overrules_the_part_on_screen_and_its_picture_is_kept(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ok"))
    part = run_to_end(qtbot, station)[-1]
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        press(station, Key.Key_O)
    said = overrides.in_force(station.context.db, part.id)
    assert said is not None and (said.outcome, said.label) == (Outcome.OK, "sound")
    stored = inspections.get(station.context.db, part.id)
    assert stored is not None and stored.image is not None


def test_n_and_a_digit_say_the_class_in_two_keys(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    part = run_to_end(qtbot, station)[-1]
    press(station, Key.Key_N)
    qtbot.waitUntil(live_page(station).picker.isVisible, timeout=2000)
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        press(station, Key.Key_2)
    said = overrides.in_force(station.context.db, part.id)
    assert said is not None and (said.outcome, said.label) == (Outcome.NG, "pit")
    assert not live_page(station).picker.isVisible()


def test_n_and_a_first_letter_say_the_class_too(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    part = run_to_end(qtbot, station)[-1]
    press(station, Key.Key_N)
    qtbot.waitUntil(live_page(station).picker.isVisible, timeout=2000)
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        press(station, Key.Key_P)
    said = overrides.in_force(station.context.db, part.id)
    assert said is not None and said.label == "pit"


def test_a_class_the_model_does_not_know_can_be_typed(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    part = run_to_end(qtbot, station)[-1]
    press(station, Key.Key_N)
    qtbot.waitUntil(live_page(station).picker.isVisible, timeout=2000)
    for key in (Key.Key_D, Key.Key_E, Key.Key_N, Key.Key_T):
        press(station, key)
        qtbot.waitUntil(lambda: acted(station))
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        press(station, Key.Key_Return)
    said = overrides.in_force(station.context.db, part.id)
    assert said is not None and said.label == "dent"


def test_escape_leaves_the_class_question_without_a_word(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    part = run_to_end(qtbot, station)[-1]
    press(station, Key.Key_N)
    qtbot.waitUntil(live_page(station).picker.isVisible, timeout=2000)
    press(station, Key.Key_Escape)
    assert not live_page(station).picker.isVisible()
    press(station, Key.Key_2)
    idle(qtbot, station)
    assert overrides.history(station.context.db, part.id) == ()


def test_undo_appends_and_keeps_the_history(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    part = run_to_end(qtbot, station)[-1]
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        press(station, Key.Key_R)
    with qtbot.waitSignal(station.context.overridden, timeout=5000):
        press(station, Key.Key_Z, CTRL)
    history = overrides.history(station.context.db, part.id)
    assert len(history) == 2 and history[1].undoes == history[0].id
    assert overrides.in_force(station.context.db, part.id) is None


def test_the_word_is_about_the_part_shown_when_the_key_went_down(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: ScriptedSource(40, every=0.03))
    page = live_page(station)
    station.line.start()
    qtbot.waitUntil(lambda: page.target is not None, timeout=5000)
    before = page.target
    with qtbot.waitSignal(station.context.overridden, timeout=5000) as told:
        press(station, Key.Key_O)
    assert before is not None and told.args == [before.id]


def test_a_look_freezes_one_part_while_the_line_runs_on_and_escape_returns(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng", "ok", "ok", "ok"), open=lambda _uri: ScriptedSource(400, every=0.01))
    page = live_page(station)
    station.line.start()
    qtbot.waitUntil(lambda: len(page.film.parts) > 0, timeout=5000)
    part = page.film.parts[0].inspection
    page.film.chosen.emit(part.id)
    qtbot.waitUntil(page.look_bar.isVisible, timeout=5000)
    counted = page.counters.counts.total
    qtbot.waitUntil(lambda: page.counters.counts.total > counted)
    assert page.target is not None and page.target.id == part.id
    assert page.banner.word == "NG" and "Esc returns to live" in page.look_bar.text
    with qtbot.waitSignal(station.context.overridden, timeout=5000) as told:
        press(station, Key.Key_O)
    assert told.args == [part.id]
    press(station, Key.Key_Escape)
    assert not page.look_bar.isVisible() and page.target is not None and page.target.id != part.id


def test_film_strip_keeps_the_last_24_defects_newest_first(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng", "review"), open=lambda _uri: ScriptedSource(60))
    seen = run_to_end(qtbot, station)
    parts = live_page(station).film.parts
    assert [p.inspection.id for p in parts] == [i.id for i in reversed(seen[-24:])]


def test_the_film_strip_remembers_after_a_restart(qtbot: QtBot, opened: Open) -> None:
    first = opened(load=loader("ng", "ok"))
    run_to_end(qtbot, first)
    before = [p.inspection.id for p in live_page(first).film.parts]
    second = opened()
    qtbot.waitUntil(lambda: len(live_page(second).film.parts) == len(before), timeout=3000)
    parts = live_page(second).film.parts
    assert [p.inspection.id for p in parts] == before
    assert all(p.picture is not None and p.picture.width() == 160 for p in parts)


def test_an_old_part_is_looked_at_from_the_archive(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng", *["ok"] * 79), open=lambda _uri: ScriptedSource(80))
    run_to_end(qtbot, station)
    page = live_page(station)
    part = page.film.parts[0].inspection
    assert station.context.recorder is not None and station.context.recorder.recent(part.id) is None
    press(station, Key.Key_Right)
    qtbot.waitUntil(page.look_bar.isVisible, timeout=5000)
    assert page.view.pixels is not None and page.view.pixels.shape == (96, 128)


def test_a_scanner_burst_fills_the_part_field_and_triggers_nothing(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    part = run_to_end(qtbot, station)[-1]
    scan(station, "NOR0815O")
    idle(qtbot, station)
    page = live_page(station)
    assert page.strip.part.text() == "NOR0815O"
    assert station.line.traveller.part == "NOR0815O"
    assert not page.picker.isVisible()
    assert overrides.history(station.context.db, part.id) == ()


def test_keys_are_text_while_a_field_is_typed_in(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    part = run_to_end(qtbot, station)[-1]
    page = live_page(station)
    station.window.activateWindow()
    page.strip.lot.setFocus()
    qtbot.waitUntil(page.strip.lot.hasFocus, timeout=2000)
    for letter in "no7":
        press(station, Key(ord(letter.upper())))
    press(station, Key.Key_Return)
    idle(qtbot, station)
    assert page.strip.lot.text().lower() == "no7" and station.line.traveller.lot.lower() == "no7"
    assert overrides.history(station.context.db, part.id) == ()
    assert not page.strip.lot.hasFocus()


def test_space_pauses_and_goes_on(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: ScriptedSource(2000, every=0.005))
    press(station, Key.Key_Space)
    qtbot.waitUntil(lambda: station.line.state == "Running", timeout=5000)
    press(station, Key.Key_Space)
    qtbot.waitUntil(lambda: station.line.state == "Paused", timeout=5000)
    press(station, Key.Key_Space)
    qtbot.waitUntil(lambda: station.line.state == "Running", timeout=5000)


def test_a_lost_camera_greys_the_picture_and_counts_the_seconds(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: ScriptedSource(10, lose_at=3))
    station.line.start()
    page = live_page(station)
    qtbot.waitUntil(lambda: station.line.state == "Lost", timeout=5000)
    assert page.banner.word == "NO VERDICT" and page.view.greyed
    assert "does not answer" in page.banner.reason
    assert "try" in page.banner.note


def test_a_failed_station_tells_and_starts_again_with_nothing_lost(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ok", "ok", *["fail"] * 30), open=lambda _uri: ScriptedSource(60))
    run_to_end(qtbot, station)
    page = live_page(station)
    assert station.line.state == "Failed"
    newest = station.window.notices.notices[-1]
    assert newest.kind == "error" and "stored" in newest.remedy
    assert "Start again" in page.acts.buttons["run"].text()
    before = inspections.counts(station.context.db)
    assert before.ok == 2 and before.no_verdict > 0
    with qtbot.waitSignal(station.line.finished, timeout=10_000):
        press(station, Key.Key_Space)
    assert inspections.counts(station.context.db).total > before.total


def test_s_saves_what_is_on_screen(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ng"))
    run_to_end(qtbot, station)
    with qtbot.waitSignal(station.context.notice, timeout=5000) as told:
        press(station, Key.Key_S)
    files = list((station.context.folder / "snapshots").glob("*.png"))
    assert len(files) == 1 and files[0].stat().st_size > 0
    assert str(files[0]) in told.args[0].message


def test_overlay_and_opacity_have_keys(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    view = live_page(station).view
    for style in ("mask", "contour", "off", "heat"):
        press(station, Key.Key_H)
        qtbot.waitUntil(lambda wanted=style: view.overlay_style == wanted, timeout=1000)  # type: ignore[misc]
    before = view.opacity
    press(station, Key.Key_BracketRight)
    qtbot.waitUntil(lambda: view.opacity > before, timeout=1000)


def test_naming_a_lot_counts_what_is_stored_of_it(qtbot: QtBot, opened: Open, tmp_path: Path) -> None:
    station = opened()
    page = live_page(station)
    page.strip.lot.setText("A7")
    page.strip.lot.editingFinished.emit()
    run_to_end(qtbot, station)
    page.strip.lot.setText("B1")
    page.strip.lot.editingFinished.emit()
    assert page.counters.counts.total == 0
    page.strip.lot.setText("A7")
    page.strip.lot.editingFinished.emit()
    qtbot.waitUntil(lambda: page.counters.counts.total == 5, timeout=3000)
