"""The window as a whole: unattended runs, pages, keys for all, themes, notices, model swaps, and an orderly end."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from db.inspections import table as inspections
from db.models import registry
from db.store.session import open_database
from engine.errors import EnvironmentFailure, LinesideError, PackageError, StorageError
from engine.packages.package import ModelPackage, open_package
from engine.settings import load_settings
from gui.app import GuiOptions, check_display, compose, run_gui, shut_down
from gui.theme.theme import THEMES
from tests.db.older import older
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedModel, ScriptedSource, live_page, loader, make_package, press

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


def test_an_unattended_run_saves_the_window_and_says_what_it_counted(
    qtbot: QtBot, options: GuiOptions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = tmp_path / "out" / "window.png"
    wanted = replace(
        options, demo=True, frames=6, screenshot=shot, size=(1280, 720), report=tmp_path / "report", load=loader("ng")
    )
    assert run_gui(replace(wanted, open=lambda _uri: ScriptedSource(100))) == 0
    picture = QImage(str(shot))
    assert (picture.width(), picture.height()) == (1280, 720)
    told = capsys.readouterr().out
    assert "Inspected 6" in told and "NG 6" in told and str(shot) in told
    assert (tmp_path / "report" / "report.html").exists()
    db = open_database(tmp_path / "home" / "demo" / "lineside.db")
    assert inspections.counts(db).ng == 6
    db.close()


def test_an_unattended_run_ends_with_the_failure_of_its_station(options: GuiOptions, tmp_path: Path) -> None:
    wanted = replace(options, frames=50, screenshot=tmp_path / "x.png", load=loader("fail"))
    with pytest.raises(LinesideError) as failed:
        run_gui(replace(wanted, open=lambda _uri: ScriptedSource(100)))
    assert failed.value.exit_code == 4


def test_a_missing_model_is_told_in_a_notice_and_space_tries_again(qtbot: QtBot, opened: Open, tmp_path: Path) -> None:
    station = opened(model=str(tmp_path / "nothing"))
    with qtbot.waitSignal(station.line.finished, timeout=5000):
        station.line.start()
    assert station.line.state == "Failed"
    assert "no model package" in station.window.notices.notices[-1].message
    make_package(tmp_path / "nothing")
    with qtbot.waitSignal(station.line.finished, timeout=5000):
        press(station, Key.Key_Space)
    assert station.line.state == "Stopped"


def test_no_display_is_one_sentence_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(QGuiApplication, "instance", staticmethod(lambda: None))
    with pytest.raises(EnvironmentFailure) as failed:
        check_display(unattended=False)
    assert "display" in failed.value.message and failed.value.remedy
    monkeypatch.setenv("QT_QPA_PLATFORM", "")
    check_display(unattended=True)


def test_closing_a_running_window_leaves_no_thread_and_keeps_every_part(qtbot: QtBot, options: GuiOptions) -> None:
    before = set(threading.enumerate())
    station = compose(replace(options, open=lambda _uri: ScriptedSource(10_000, every=0.002)))
    station.window.show()
    qtbot.waitExposed(station.window)
    station.bridge.start()
    seen: list[object] = []
    station.context.recorded.connect(seen.extend)
    station.line.start()
    qtbot.waitUntil(lambda: len(seen) > 20, timeout=5000)
    url = station.context.db.url
    shut_down(station)
    assert not {t for t in threading.enumerate() if t.is_alive()} - before
    db = open_database(url)
    assert inspections.counts(db).total == len(seen)
    db.close()


def test_another_theme_is_on_screen_at_once_and_remembered(qtbot: QtBot, options: GuiOptions) -> None:
    station = compose(options)
    station.window.show()
    qtbot.waitExposed(station.window)
    pictures = []
    for name in THEMES:
        station.context.settings.theme = name
        station.context.theme.choose(name)
        pictures.append(station.window.grab().toImage().pixelColor(200, 20))
    assert len({p.name() for p in pictures}) == len(THEMES)
    shut_down(station)
    assert load_settings().theme == "contrast"


def test_question_mark_lists_every_key_and_escape_closes(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    overlay = station.window.key_overlay
    press(station, Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(overlay.isVisible, timeout=1000)
    wanted = {"O", "N", "R", "Ctrl+Z", "Space", "H", "[", "]", "+", "-", "0", "S", "F", "?", "Esc", "Ctrl+1", "Left"}
    assert wanted <= set(overlay.listed)
    press(station, Key.Key_Escape)
    assert not overlay.isVisible()


def test_every_act_has_a_button_that_shows_its_key(opened: Open) -> None:
    station = opened()
    page = live_page(station)
    tips = " ".join(b.toolTip() for b in page.findChildren(QWidget))
    bindings = page.keys()
    for binding in bindings:
        if binding.sequence not in ("Left", "Right"):
            assert f"[{binding.sequence}]" in tips, binding


def test_numbers_switch_pages_and_keys_belong_to_the_page_shown(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    press(station, Key.Key_2, CTRL)
    assert station.window.page == "review"
    press(station, Key.Key_1, CTRL)
    assert station.window.page == "live"


def test_notices_wait_behind_each_other_and_information_leaves(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    bar = station.window.notices
    station.context.notify("error", "The disk is full.", "Free some space.")
    station.context.notify("warning", "The clock is wrong.")
    assert [n.message for n in bar.notices] == ["The disk is full.", "The clock is wrong."]
    press(station, Key.Key_Escape)
    assert [n.message for n in bar.notices] == ["The disk is full."] and bar.isVisible()
    station.context.notify("error", "The disk is full.", "Free some space.")
    assert len(bar.notices) == 1


def test_a_job_that_fails_is_told_and_the_window_stays(qtbot: QtBot, opened: Open) -> None:
    station = opened()

    def work() -> None:
        raise PackageError("That package is damaged.", "Copy it again.")

    station.context.jobs.run(work, lambda _none: None)
    qtbot.waitUntil(lambda: bool(station.window.notices.notices), timeout=2000)
    assert station.window.notices.notices[-1].message == "That package is damaged."


def test_an_activated_model_takes_over_between_two_frames(qtbot: QtBot, opened: Open, tmp_path: Path) -> None:
    station = opened(open=lambda _uri: ScriptedSource(5000, every=0.005))
    other = registry.register(station.context.db, make_package(tmp_path / "better", "better").folder, "test")
    seen: list[object] = []
    station.context.recorded.connect(lambda batch: seen.extend(i.model.version for i in batch))
    station.line.start()
    qtbot.waitUntil(lambda: len(seen) > 10, timeout=5000)
    station.context.activate(other.version, "it is better")
    qtbot.waitUntil(lambda: other.version in seen, timeout=5000)
    assert station.context.package is not None and station.context.package.version == other.version
    first = seen.index(other.version)
    assert set(seen[first:]) == {other.version} and station.line.state == "Running"
    active = registry.active(station.context.db)
    assert active is not None and active.version == other.version


def test_a_model_that_fails_its_proof_is_not_the_active_one_afterwards(
    qtbot: QtBot, opened: Open, options: GuiOptions, tmp_path: Path
) -> None:
    first = open_package(Path(options.model))

    def load(package: ModelPackage, _threads: int) -> ScriptedModel:
        if package.version != first.version:
            raise PackageError("The model gives scores that are not numbers.", "Train it again.")
        return ScriptedModel(package, ("ok",))

    station = opened(open=lambda _uri: ScriptedSource(5000, every=0.005), load=load)
    db = station.context.db
    registry.activate(db, registry.register(db, first.folder, "test").version, "test")
    other = registry.register(db, make_package(tmp_path / "worse", "worse").folder, "test")
    station.line.start()
    qtbot.waitUntil(lambda: station.line.state == "Running", timeout=5000)
    station.context.activate(other.version, "try it")
    qtbot.waitUntil(lambda: bool(station.window.notices.notices), timeout=5000)
    told = station.window.notices.notices[-1]
    assert told.message == "The model gives scores that are not numbers."
    assert "goes on judging" in told.remedy
    active = registry.active(db)
    assert active is not None and active.version == first.version
    assert station.line.state == "Running"


def test_bad_settings_give_the_defaults_and_a_notice(qtbot: QtBot, opened: Open, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.json").write_text('{"schema_version": 1, "theme": "pink"}')
    station = opened()
    assert station.context.theme.name == "dark"
    told = station.window.notices.notices[-1]
    assert "theme" in told.message
    assert "settings.json.bad-1" in told.remedy


def test_database_of_an_older_version_is_told_with_the_copy_of_it(qtbot: QtBot, opened: Open, tmp_path: Path) -> None:
    place = tmp_path / "home" / "lineside.db"
    open_database(place).close()
    older(place, "0003_frames")
    told = opened().window.notices.notices[-1]
    assert told.message.startswith("The database of an older version was brought to this one in ")
    assert f"{place}.before-0003_frames" in told.remedy


def test_bad_settings_are_kept_aside_each_under_a_name_of_its_own(options: GuiOptions, lineside_home: Path) -> None:
    lineside_home.mkdir()
    for text in ("no settings", '{"schema_version": 9}'):
        (lineside_home / "settings.json").write_text(text)
        shut_down(compose(options))
        assert load_settings().theme == "dark"
    kept = [(lineside_home / f"settings.json.bad-{n}").read_text() for n in (1, 2)]
    assert kept == ["no settings", '{"schema_version": 9}']


def test_bad_settings_that_cannot_be_kept_aside_are_not_written_over(
    options: GuiOptions, lineside_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: Path) -> Path:
        raise StorageError("no room for another name")

    monkeypatch.setattr("gui.app.set_aside", refused)
    lineside_home.mkdir()
    (lineside_home / "settings.json").write_text("no settings")
    station = compose(options)
    assert "no room" in station.window.notices.notices[0].message
    shut_down(station)
    assert (lineside_home / "settings.json").read_text() == "no settings"


@pytest.mark.parametrize("before", ["no settings", '{"schema_version": 1, "theme": "light"}', None])
def test_an_unattended_run_leaves_the_settings_as_they_are(
    options: GuiOptions, lineside_home: Path, tmp_path: Path, before: str | None
) -> None:
    lineside_home.mkdir()
    path = lineside_home / "settings.json"
    if before is not None:
        path.write_text(before)
    assert run_gui(replace(options, frames=2, screenshot=tmp_path / "x.png", page="models", theme="contrast")) == 0
    assert (path.read_text() if path.exists() else None) == before
    assert not list(lineside_home.glob("settings.json.*"))


def test_a_data_folder_that_cannot_be_written_is_told_before_anything_starts(
    options: GuiOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StorageError, match=r"data folder .*home cannot be written.*LINESIDE_HOME"):
        compose(options)


def test_an_exception_nobody_caught_is_a_notice(qtbot: QtBot, options: GuiOptions, tmp_path: Path) -> None:
    told: list[str] = []

    def source(_uri: str) -> ScriptedSource:
        raise ValueError("a bug of ours")

    wanted = replace(options, open=source, frames=1, screenshot=tmp_path / "x.png")
    QTimer.singleShot(0, lambda: told.append("window runs"))
    with pytest.raises(LinesideError, match="a bug of ours"):
        run_gui(wanted)
    assert told


def test_a_page_that_is_not_shown_does_not_take_the_focus_when_a_model_comes(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    view = live_page(station).view
    qtbot.waitUntil(view.hasFocus, timeout=10_000)
    station.context.packageChanged.emit()
    station.context.modelActivated.emit("")
    qtbot.waitUntil(lambda: station.context.jobs.busy == 0, timeout=10_000)
    assert view.hasFocus()
