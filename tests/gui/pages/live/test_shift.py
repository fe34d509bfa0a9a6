"""A shift on the Live page: counts of shift and lot, corrections, change-over by a scanned code, kiosk, last parts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from argon2 import PasswordHasher
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.users import users
from db.users.users import add_user
from engine.domain.inspection import Origin, Outcome, utc_now
from engine.sources.catalogue import open_source
from engine.statistics.shifts import shift_of
from gui.app import Station
from gui.users.operators import SignIn
from tests.db.make import START, inspection
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource, acted, live_page, loader, press, scan

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
PATIENCE = 20_000


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least work, and no tone."""
    monkeypatch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr("gui.line.sounds.Sounds.alarm", lambda _self: None)


def run(qtbot: QtBot, station: Station) -> None:
    """To the end, with everything counted."""
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        station.line.start()
    station.bridge.drain()
    idle(qtbot, station)


def idle(qtbot: QtBot, station: Station) -> None:
    """No job is under way."""
    qtbot.waitUntil(lambda: station.context.jobs.busy == 0, timeout=PATIENCE)


def recipe(station: Station, name: str, **keys: str) -> Path:
    """A stored recipe."""
    path = station.context.folder / "recipes" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f'{key} = "{value}"' for key, value in {"name": name, **keys}.items()]
    path.write_text("\n".join(["schema = 1", "version = 3", *lines, "[limits]", "ng_at = 0.8"]))
    return path


# ── counts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_counts_keep_the_stations_verdicts_and_tell_of_corrections_apart(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ok", "ok", "ok", "ng"), open=lambda _uri: ScriptedSource(4))
    run(qtbot, station)
    page = live_page(station)
    assert (page.counters.counts.total, page.counters.counts.yield_) == (4, 0.75)
    assert page.counters.corrections == ""
    with qtbot.waitSignal(station.context.overridden, timeout=PATIENCE):
        press(station, Key.Key_O)
    qtbot.waitUntil(lambda: page.counters.corrections == "1 corrected by hand: yield 100.0 %", timeout=PATIENCE)
    assert (page.counters.counts.ng, page.counters.counts.yield_) == (1, 0.75)
    with qtbot.waitSignal(station.context.overridden, timeout=PATIENCE):
        press(station, Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: page.counters.corrections == "", timeout=PATIENCE)


def test_shift_counts_begin_with_what_is_stored_since_it_began(qtbot: QtBot, opened: Open) -> None:
    first = opened()
    now = utc_now()
    since, _until = shift_of(now, first.context.settings.shifts)
    seconds = [(moment - START).total_seconds() for moment in (since - timedelta(minutes=1), since, now)]
    rows = [inspection(n, Outcome.OK, seconds=at, lot="") for n, at in enumerate(seconds)]
    inspections.add(first.context.db, [NewInspection(row) for row in rows])
    page = live_page(opened())
    qtbot.waitUntil(lambda: page.counters.counts.ok == 2, timeout=PATIENCE)
    assert "Shift since" in page.scope.text()
    assert page.trend.points == (100.0, 100.0)


def test_c_switches_between_the_lot_and_the_shift(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: ScriptedSource(3))
    page = live_page(station)
    run(qtbot, station)
    page.strip.lot.setText("L-7")
    page.strip.lot.editingFinished.emit()
    assert page.scope.text() == "Lot L-7" and page.counters.counts.total == 0
    qtbot.waitUntil(lambda: "Lot L-7 from now on" in page.aside.text(), timeout=PATIENCE)
    press(station, Key.Key_C)
    qtbot.waitUntil(lambda: page.counters.counts.total == 3, timeout=PATIENCE)
    assert "Shift since" in page.scope.text()
    station.window.rebuild()
    after = live_page(station)
    assert after.strip.lot.text() == "L-7" and "Shift since" in after.scope.text()
    qtbot.waitUntil(lambda: after.counters.counts.total == 3, timeout=PATIENCE)
    settings = station.context.folder / "settings.json"
    qtbot.waitUntil(lambda: settings.exists() and '"lot": "L-7"' in settings.read_text(), timeout=PATIENCE)
    again = live_page(opened())
    assert again.strip.lot.text() == "L-7"


# ── recipe and operator ──────────────────────────────────────────────────────────────────────────────────────────────
def test_scanned_code_changes_the_recipe_over_while_the_line_runs(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("review"), open=lambda _uri: ScriptedSource(3000, every=0.01))
    path = recipe(station, "Casting", code="RC-0042")
    seen: list[str] = []
    station.context.recorded.connect(lambda batch: seen.extend(f"{i.recipe.name} {i.recipe.version}" for i in batch))
    station.line.start()
    qtbot.waitUntil(lambda: "default 1" in seen, timeout=PATIENCE)
    scan(station, "RC-0042")
    qtbot.waitUntil(lambda: "Casting 3" in seen, timeout=PATIENCE)
    page = live_page(station)
    assert page.strip.recipe.full == "Casting 3" and page.strip.part.text() == ""
    assert station.context.product.recipe == path
    assert any("Recipe Casting 3 is in force" in n.message for n in station.window.notices.notices)
    scan(station, "P-0815")
    qtbot.waitUntil(lambda: page.strip.part.text() == "P-0815", timeout=PATIENCE)
    assert station.line.traveller.part == "P-0815"


def test_recipe_for_a_model_that_is_not_here_is_refused_in_words(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    recipe(station, "Foreign", code="RC-1", model="abcdef123456")
    run(qtbot, station)
    scan(station, "RC-1")
    qtbot.waitUntil(lambda: bool(station.window.notices.notices), timeout=PATIENCE)
    told = station.window.notices.notices[-1]
    assert told.kind == "error"
    assert told.message.startswith("The recipe was not changed.") and "abcdef123456" in told.message
    assert station.context.recipe is not None and station.context.recipe.name == "default"


def test_menu_lists_the_stored_recipes_and_takes_one(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    recipe(station, "Plate")
    page = live_page(station)
    press(station, Key.Key_R, CTRL)
    qtbot.waitUntil(lambda: page.change.menu is not None, timeout=PATIENCE)
    menu = page.change.menu
    assert menu is not None
    action = next(a for a in menu.actions() if a.text() == "Plate, version 3")
    menu.setActiveAction(action)
    QTest.keyClick(menu, Key.Key_Return)
    qtbot.waitUntil(lambda: page.strip.recipe.full == "Plate 3", timeout=PATIENCE)


def test_operator_is_changed_in_his_dialog_and_goes_with_the_next_part(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: ScriptedSource(1))
    page = live_page(station)
    press(station, Key.Key_O, CTRL)
    qtbot.waitUntil(lambda: bool(page.findChildren(SignIn)), timeout=PATIENCE)
    page.findChildren(SignIn)[0].agreed.emit("Ben")
    page.findChildren(SignIn)[0].reject()
    assert page.strip.operator.full == "Ben"
    seen: list[str] = []
    station.context.recorded.connect(lambda batch: seen.extend(i.traveller.operator for i in batch))
    run(qtbot, station)
    assert seen == ["Ben"]


# ── kiosk ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_kiosk_shows_live_alone_and_only_an_engineers_pin_leads_out(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    window = station.window
    add_user(station.context.db, "ana", "engineer", "1234", "setup")
    station.context.settings.pin_required = True
    window.go("models")
    press(station, Key.Key_K, CTRL)
    assert window.presenter.kiosk and window.page == "live" and window.isFullScreen()
    assert window.rail.isHidden() and window.status.isHidden()
    press(station, Key.Key_2, CTRL)
    press(station, Key.Key_F)
    qtbot.waitUntil(lambda: acted(station))
    assert window.page == "live" and window.isFullScreen()
    window.rebuild()
    assert window.rail.isHidden()
    press(station, Key.Key_K, CTRL)
    qtbot.waitUntil(lambda: bool(window.findChildren(SignIn)), timeout=PATIENCE)
    idle(qtbot, station)
    (dialog,) = window.findChildren(SignIn)
    for key in (Key.Key_9, Key.Key_9, Key.Key_9, Key.Key_9, Key.Key_Return):
        QTest.keyClick(dialog, key)
    idle(qtbot, station)
    assert window.presenter.kiosk
    for key in (Key.Key_1, Key.Key_2, Key.Key_3, Key.Key_4, Key.Key_Return):
        QTest.keyClick(dialog, key)
    qtbot.waitUntil(lambda: not window.presenter.kiosk, timeout=PATIENCE)
    assert not window.rail.isHidden() and not window.isFullScreen()


def test_kiosk_comes_back_after_a_restart(qtbot: QtBot, opened: Open) -> None:
    first = opened()
    first.window.presenter.toggle_kiosk()
    settings = first.context.folder / "settings.json"
    qtbot.waitUntil(lambda: settings.exists() and '"kiosk": true' in settings.read_text(), timeout=PATIENCE)
    second = opened()
    assert second.window.presenter.kiosk and second.window.rail.isHidden() and second.window.isFullScreen()
    # Nobody requires a PIN here.
    second.window.presenter.toggle_kiosk()
    assert not second.window.presenter.kiosk


# ── film strip ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_l_shows_all_last_parts_with_pictures_made_from_memory(qtbot: QtBot, opened: Open) -> None:
    station = opened(load=loader("ok", "ok", "ng"), open=lambda _uri: ScriptedSource(6))
    run(qtbot, station)
    film = live_page(station).film
    assert [p.inspection.verdict.outcome for p in film.parts] == [Outcome.NG, Outcome.NG]
    press(station, Key.Key_L)
    qtbot.waitUntil(lambda: film.every, timeout=PATIENCE)
    assert [p.inspection.frame.sequence for p in film.parts] == [6, 5, 4, 3, 2, 1]
    qtbot.waitUntil(lambda: not film.bare, timeout=PATIENCE)
    assert station.context.memory("live")["every"] is True


def test_overlay_is_remembered_at_once(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    press(station, Key.Key_H)
    qtbot.waitUntil(lambda: station.context.settings.overlay == "mask", timeout=PATIENCE)
    press(station, Key.Key_BracketLeft)
    qtbot.waitUntil(lambda: station.context.settings.overlay_opacity == 0.45, timeout=PATIENCE)


# ── what is counted ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_counters_are_the_same_after_a_change_of_language_whatever_feeds_the_line(
    qtbot: QtBot, opened: Open, tmp_path: Path
) -> None:
    """Seen: they fell by 510, for parts of a file and a scan beside it were counted by where the source came from."""
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((64, 64), number, np.uint8))
    station = opened(source=f"watch:{folder}", open=lambda _uri: open_source(f"folder:{folder}"))
    scanned = [inspection(n, lot="", origin=Origin.SCAN, seconds=since_start() + n / 100) for n in range(3)]
    inspections.add(station.context.db, [NewInspection(part) for part in scanned])
    run(qtbot, station)
    before = live_page(station).counters.counts
    assert before.total == 4
    station.context.language.choose("de")
    station.window.rebuild()
    idle(qtbot, station)
    qtbot.waitUntil(lambda: live_page(station).counters.counts == before, timeout=PATIENCE)
    again = live_page(opened(source="gige:GV01"))
    qtbot.waitUntil(lambda: again.counters.counts == before, timeout=PATIENCE)


def since_start() -> float:
    """Seconds from the tests' first part until now."""
    return (utc_now() - START).total_seconds()
