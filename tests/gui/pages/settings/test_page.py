"""Settings: every change acts and is kept at once; what touches judgement is noted, and waits for an engineer."""

from __future__ import annotations

import io
import re
import tomllib
import wave
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from argon2 import PasswordHasher
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QMessageBox, QSpinBox, QWidget

from db.inspections.table import NewInspection, add, count
from db.maintenance.clock import ClockWatch
from db.maintenance.retention import Forecast, RemovalPlan
from db.users import users
from db.users.trail import entries
from db.users.users import add_user, check_pin, list_users
from engine.domain.inspection import Origin, Outcome, utc_now
from engine.settings import AlarmRules, Retention, StationSettings, load_settings
from gui.line.retention import Keeper
from gui.line.sounds import Sounds, wav
from gui.page import Binding
from gui.pages.settings.more import LICENCES
from gui.pages.settings.page import SettingsPage
from gui.pages.settings.pictures import outlook
from gui.pages.settings.table import sections
from gui.pages.settings.users import NewPinDialog, NewUserDialog
from gui.theme.theme import set_scale
from gui.users.operators import SignIn
from gui.widgets.key_overlay import KeyOverlay
from tests import ROOT
from tests.db.make import inspection
from tests.gui.stored import Bench, dress, press

Key = Qt.Key
T = TypeVar("T", bound=QWidget)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least work, so that a test takes milliseconds."""
    monkeypatch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def page(bench: Bench) -> SettingsPage:
    """The page on screen, its panels filled."""
    bench.context.settings.sounds = False
    made = SettingsPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


def spin(page: SettingsPage, key: str) -> QSpinBox:
    control = page.rows[key].control
    assert isinstance(control, QSpinBox)
    return control


def type_in(page: SettingsPage, key: str, text: str) -> None:
    """Type over what a text field holds, and leave it."""
    field = page.rows[key].control
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Key.Key_Return)


def trail(bench: Bench) -> list[str]:
    return [f"{e.who}: {e.what}: {e.detail}" for e in entries(bench.db)]


def test_every_setting_has_its_row_but_those_kept_elsewhere(page: SettingsPage) -> None:
    elsewhere = {"schema_version", "operator", "source", "recipe", "overlay", "overlay_opacity", "save_every_ok"}
    elsewhere |= {"threads", "first_run", "memory", "alarms", "retention", "product"}
    wanted = set(StationSettings.model_fields) - elsewhere
    wanted |= {f"alarms.{name}" for name in AlarmRules.model_fields}
    wanted |= {f"retention.{name}" for name in Retention.model_fields}
    assert set(page.rows) == wanted


def test_alarm_rule_acts_is_kept_and_noted_at_once(bench: Bench, page: SettingsPage) -> None:
    number = spin(page, "alarms.ng_in_row")
    number.selectAll()
    QTest.keyClicks(number, "7")
    QTest.keyClick(number, Key.Key_Return)
    assert bench.context.settings.alarms.ng_in_row == 7
    spin(page, "alarms.ng_rate").setValue(12)
    assert bench.context.settings.alarms.ng_rate == pytest.approx(0.12)
    bench.idle()
    assert trail(bench)[1] == "anna: setting changed: alarms.ng_in_row: 5 → 7"
    bench.qtbot.waitUntil(lambda: _kept(bench) == 7, timeout=20_000)


def _kept(bench: Bench) -> int:
    return load_settings(bench.context.folder).alarms.ng_in_row


@pytest.mark.parametrize("bad", ["25:00", "6", "", "06:00 14:00", "a,b"])
def test_bad_shift_says_what_is_allowed_and_changes_nothing(bench: Bench, page: SettingsPage, bad: str) -> None:
    type_in(page, "shifts", bad or " ")
    assert "HH:MM" in page.rows["shifts"].problem.text() and page.rows["shifts"].problem.isVisibleTo(page)
    assert bench.context.settings.shifts == ["06:00", "14:00", "22:00"]


def test_shifts_are_put_in_order(bench: Bench, page: SettingsPage) -> None:
    type_in(page, "shifts", "18:30, 6:30")
    assert bench.context.settings.shifts == ["06:30", "18:30"]
    assert not page.rows["shifts"].problem.isVisibleTo(page)


def test_theme_language_and_size_reach_the_window(bench: Bench, page: SettingsPage) -> None:
    resized: list[bool] = []
    bench.context.resized.connect(lambda: resized.append(True))
    for key, value in (("theme", "light"), ("scale", 1.5), ("language", "en")):
        box = page.rows[key].control
        assert isinstance(box, QComboBox)
        box.setCurrentIndex(box.findData(value))
    touch = page.rows["touch"].control
    assert isinstance(touch, QCheckBox)
    touch.click()
    try:
        bench.qtbot.waitUntil(lambda: len(resized) == 2 and bench.context.language.code == "en", timeout=5000)
        assert bench.context.theme.name == "light" and bench.context.theme.touch
        assert bench.context.settings.scale == 1.5
    finally:
        set_scale(1.0)


def test_wheel_over_a_field_changes_no_setting(bench: Bench, page: SettingsPage) -> None:
    number = spin(page, "alarms.same_place")
    number.setFocus()
    at = QPointF(number.rect().center())
    down = QPoint(0, -120)
    turned = QWheelEvent(
        at,
        at,
        QPoint(),
        down,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(number, turned)
    assert bench.context.settings.alarms.same_place == 4


def test_section_chosen_comes_back(bench: Bench, page: SettingsPage) -> None:
    names = [section.name for section in sections()]
    page.list.setCurrentRow(names.index("users"))
    assert bench.context.memory("settings")["section"] == "users"
    again = SettingsPage(bench.context)
    bench.show(again)
    bench.idle()
    assert names[again.list.currentRow()] == "users"
    bench.context.settings.memory["settings"]["section"] = ["no name"]
    again.activated()
    assert again.list.currentRow() == 0


# ── users ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def dialog_of(owner: QWidget, kind: type[T]) -> T:
    return next(found for found in owner.findChildren(kind) if found.isVisible())


def test_first_engineer_is_added_with_a_pin_and_pins_are_required(bench: Bench, page: SettingsPage) -> None:
    required = page.rows["pin_required"].control
    assert isinstance(required, QCheckBox)
    required.click()
    bench.idle()
    assert not bench.context.settings.pin_required and not required.isChecked()
    assert "give an active engineer a PIN" in page.users.said.text()
    press(page, "A")
    new = dialog_of(page, NewUserDialog)
    QTest.keyClicks(new.name, "Ana")
    new.role.setCurrentIndex(new.role.findData("engineer"))
    QTest.keyClick(new.name, Key.Key_Return)
    bench.idle()
    pin = dialog_of(page, NewPinDialog)
    QTest.keyClicks(pin, "2468\r")
    QTest.keyClicks(pin, "2469\r")
    assert "not the same" in pin.said.text()
    QTest.keyClicks(pin, "2468\r2468\r")
    bench.idle()
    assert check_pin(bench.db, "Ana", "2468").role == "engineer"
    required.click()
    bench.idle()
    assert bench.context.settings.pin_required and not page.locked, "whoever switched it on may go on"
    page.hide()
    assert page.locked
    assert not any("2468" in line for line in trail(bench))


def test_judgement_waits_for_an_engineer(bench: Bench, page: SettingsPage) -> None:
    add_user(bench.db, "ana", "engineer", "1234", "setup")
    bench.context.settings.pin_required = True
    page.refresh()
    bench.idle()
    locked = {name for name, box in page.boxes.items() if not box.isEnabled()}
    assert locked == {"products", "alarms", "pictures", "audits", "users", "trainer"}
    press(page, "A")
    bench.idle()
    assert not page.findChildren(NewUserDialog), "the key asks for the PIN first"
    dialog = dialog_of(page, SignIn)
    QTest.keyClicks(dialog.pad, "1234\r")
    bench.idle()
    assert not page.locked and page.boxes["alarms"].isEnabled()
    spin(page, "audit_every").setValue(50)
    bench.idle()
    assert trail(bench)[0] == "ana: setting changed: audit_every: 0 → 50"
    page.hide()
    assert page.locked


def test_last_engineer_cannot_be_deactivated_and_the_page_says_why(bench: Bench, page: SettingsPage) -> None:
    add_user(bench.db, "ana", "engineer", "1234", "setup")
    bench.context.settings.pin_required = True
    page.users._set_active("ana", False)
    bench.idle()
    assert "last engineer" in page.users.said.text()
    assert [u.name for u in list_users(bench.db) if u.active] == ["ana"]


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def old_parts(bench: Bench) -> None:
    """Three archived parts of an hour ago; a limit in size reaches them."""
    bench.parts(Outcome.OK, Outcome.OK, Outcome.NG)


def files(bench: Bench) -> int:
    return len(list(bench.archive.folder.rglob("*.png")))


def test_limit_that_removes_pictures_is_asked_first(
    bench: Bench, page: SettingsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_parts(bench)
    bench.parts()
    monkeypatch.setattr("db.maintenance.retention.GIGABYTE", 1)
    page.rows["retention.gigabytes"].changed.emit(page.rows["retention.gigabytes"].field, 1.0)
    bench.idle()
    box = dialog_of(page, QMessageBox)
    assert "3 picture" in box.text()
    QTest.keyClick(box, Key.Key_Escape)
    assert bench.context.settings.retention.gigabytes == 0
    page.rows["retention.gigabytes"].changed.emit(page.rows["retention.gigabytes"].field, 1.0)
    bench.idle()
    box = dialog_of(page, QMessageBox)
    next(b for b in box.buttons() if b.text() == "Remove").click()
    assert bench.context.settings.retention.gigabytes == 1.0
    assert files(bench) == 6, "they leave with the next round, not with the setting"
    bench.idle()
    press(page, "X")
    bench.idle()
    next(b for b in dialog_of(page, QMessageBox).buttons() if b.text() == "Remove").click()
    bench.idle()
    assert files(bench) == 0 and "removed" in bench.said()
    assert trail(bench)[0].startswith("anna: removed by retention: 3 pictures")


def test_limit_that_removes_nothing_asks_nothing(bench: Bench, page: SettingsPage) -> None:
    spin(page, "retention.days").setValue(30)
    bench.idle()
    assert bench.context.settings.retention.days == 30
    assert not page.findChildren(QMessageBox)


def test_outlook_says_when_what_is_full() -> None:
    plan = RemovalPlan(0, 0, 1204, 5_000_000_000, utc_now() - timedelta(days=3))
    filling = outlook(plan, Forecast(5_000_000_000, 1e9, 200_000_000_000, None, 200.0))
    assert "1204 picture" in filling and "is full in 200 days" in filling
    limited = outlook(plan, Forecast(5_000_000_000, 1e9, 200_000_000_000, 4.5, None))
    assert "reached in 4.5 days" in limited and "does not fill up" in limited


def test_keeper_removes_while_the_window_is_open(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    old_parts(bench)
    monkeypatch.setattr("db.maintenance.retention.GIGABYTE", 1)
    keeper = Keeper(bench.context)
    keeper.start()
    bench.idle()
    assert files(bench) == 6, "pictures are kept for ever unless somebody says otherwise"
    bench.context.settings.retention.gigabytes = 1.0
    with bench.qtbot.waitSignal(keeper.kept, timeout=20_000):
        keeper.look()
    keeper.stop()
    assert files(bench) == 0 and "3 old picture" in bench.said()


def test_keeper_removes_nothing_while_the_disk_does_not_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    old_parts(bench)
    monkeypatch.setattr("db.maintenance.retention.GIGABYTE", 1)
    bench.context.settings.retention.gigabytes = 1.0

    def gone(_place: object) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("db.images.archive.shutil.disk_usage", gone)
    keeper = Keeper(bench.context)
    keeper.start()
    bench.idle()
    keeper.stop()
    assert files(bench) == 6 and "cannot be read" in bench.said()


def test_pictures_stay_while_the_clock_is_years_ahead_and_a_person_may_remove_them(
    bench: Bench, page: SettingsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_parts(bench)
    ahead = utc_now() + timedelta(days=4000)
    for place in ("gui.line.retention", "gui.pages.settings.pictures"):
        monkeypatch.setattr(f"{place}.utc_now", lambda: ahead)
    bench.context.settings.retention.days = 90
    told: list[str] = []
    bench.context.notice.connect(lambda notice: told.append(notice.message))
    keeper = Keeper(bench.context)
    for _ in range(2):
        with bench.qtbot.waitSignal(keeper.kept, timeout=20_000):
            keeper.look()
    keeper.stop()
    assert files(bench) == 6 and len(told) == 1 and "the clock may have jumped" in told[0]
    page.pictures.refresh()
    bench.idle()
    assert "the clock may have jumped" in page.pictures.said.text()
    press(page, "X")
    bench.idle()
    box = dialog_of(page, QMessageBox)
    assert "3 picture" in box.text() and "the clock may have jumped" in box.informativeText()
    next(b for b in box.buttons() if b.text() == "Remove").click()
    bench.idle()
    assert files(bench) == 0 and any("clock confirmed" in line for line in trail(bench))


def test_clock_that_is_set_while_the_window_is_open_removes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_parts(bench)
    bench.context.settings.retention.days = 5
    keeper = Keeper(bench.context, watch=ClockWatch(lambda: 0.0))
    now = utc_now()
    for ahead in (0, 20):
        monkeypatch.setattr("gui.line.retention.utc_now", lambda ahead=ahead: now + timedelta(days=ahead))
        with bench.qtbot.waitSignal(keeper.kept, timeout=20_000):
            keeper.look()
    keeper.stop()
    assert files(bench) == 6 and "The clock was set from" in bench.said()


# ── sounds, keys, licences ───────────────────────────────────────────────────────────────────────────────────────────
def test_alarm_is_played_unless_sounds_are_off(bench: Bench) -> None:
    played: list[Path] = []

    def play(path: Path) -> bool:
        played.append(path)
        return True

    sounds = Sounds(bench.context, bench.context, play)
    sounds.alarm()
    bench.idle()
    bench.context.settings.sounds = False
    sounds.alarm()
    bench.idle()
    (path,) = played
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        assert 0.3 < file.getnframes() / 22_050 < 1.0


def test_sound_that_cannot_be_made_or_played_raises_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    beeps: list[bool] = []
    monkeypatch.setattr(QApplication, "beep", lambda: beeps.append(True))
    Sounds(bench.context, bench.context, lambda _path: False).alarm()
    bench.idle()
    (Path(bench.context.folder) / "cache" / "sounds" / "alarm.wav").unlink()
    monkeypatch.setattr("gui.line.sounds.write_atomically", _no_disk)
    Sounds(bench.context, bench.context, lambda _path: True).alarm()
    bench.idle()
    assert beeps == [True, True]


def _no_disk(_path: Path, _data: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_tone_starts_and_ends_softly() -> None:
    with wave.open(io.BytesIO(wav(((880.0, 0.2),)))) as file:
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    assert abs(samples[0]) < 300 and abs(samples[-1]) < 300 and max(samples) > 10_000


def test_button_shows_all_keys(bench: Bench, page: SettingsPage) -> None:
    with bench.qtbot.waitSignal(bench.context.keysAsked, timeout=5000):
        page.keys_panel.button.click()


def test_every_key_is_in_the_overlay_in_full_at_double_type(bench: Bench) -> None:
    window = QWidget()
    bench.qtbot.addWidget(window)
    window.resize(1280, 688)
    set_scale(2.0)
    try:
        overlay = KeyOverlay(bench.context.theme, window)
        window.show()
        many = [
            Binding(f"Ctrl+{letter}", f"Accept every region of part {letter}", int) for letter in "ABCDEFGHIJKLMNOPQ"
        ]
        overlay.open_with({"Review": many, "Everywhere": [Binding("F", "Full screen", int)]})
        assert overlay.whole and len(overlay.listed) == 18
        assert overlay._sheet.width() <= window.width()
        bar = overlay._scroll.verticalScrollBar()
        QTest.keyClick(overlay._scroll, Key.Key_PageDown)
        assert bar.maximum() > 0 and bar.value() > 0
        overlay.hide()
    finally:
        set_scale(1.0)


@pytest.mark.parametrize("language", ["en", "de"])
def test_page_fits_the_smallest_window_at_double_type(bench: Bench, language: str) -> None:
    for name in ("Maximiliane Oberhuber-Schwarzenbach", "bob"):
        add_user(bench.db, name, "engineer", "1234", "setup")
    bench.context.folder = Path("data", "a folder of the line", "inspection_station_hall_4_east_2026")
    bench.context.language.choose(language)
    dress(2.0)
    try:
        page = SettingsPage(bench.context)
        bench.show(page)
        page.resize(1136, 640)
        bench.idle()
        inner = page.area.widget()
        assert inner is not None
        assert inner.minimumSizeHint().width() <= page.area.viewport().width()
    finally:
        bench.context.language.close()


def test_licence_of_everything_the_station_is_made_of_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split("[<>=]", line)[0].strip() for line in project["dependencies"]}
    assert set(LICENCES) == named


def test_page_keys_go_through_the_sections_and_arrows_stay_with_the_fields(page: SettingsPage) -> None:
    press(page, "PgDown", "PgDown")
    assert page.list.currentRow() == 2
    press(page, "PgUp")
    assert page.list.currentRow() == 1
    bound = page.keys()
    assert not {"Up", "Down", "Left", "Right"} & {binding.sequence for binding in bound}


def test_simulated_parts_leave_after_a_question_and_nothing_else_does(bench: Bench) -> None:
    add(bench.db, [NewInspection(inspection(n, origin=Origin.SIMULATED)) for n in range(3)])
    add(bench.db, [NewInspection(inspection(9))])
    bench.context.settings.sounds = False
    page = SettingsPage(bench.context)
    bench.show(page)
    bench.idle()
    assert page.simulated.isVisible() and page.simulated.said.text().startswith("3 simulated part")
    bench.qtbot.mouseClick(page.simulated.button, Qt.MouseButton.LeftButton)
    box = page.simulated.findChild(QMessageBox)
    assert box is not None and "No other part is touched." in box.informativeText()
    assert "without a decision" not in box.informativeText(), "none does"
    box.reject()
    assert count(bench.db) == 4
    bench.qtbot.mouseClick(page.simulated.button, Qt.MouseButton.LeftButton)
    next(box for box in page.simulated.findChildren(QMessageBox) if box.isVisible()).accept()
    bench.qtbot.waitUntil(lambda: "removed, " in bench.said(), timeout=20_000)
    bench.idle()
    assert count(bench.db) == 1 and not page.simulated.isVisible()
    assert trail(bench)[0].startswith("anna: simulated parts removed: 3 parts, ")
