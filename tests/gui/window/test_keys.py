"""Keys in a bare window: bursts, holds, and what is on screen when a key goes down."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.page import Binding
from gui.window import keys
from gui.window.keys import Keyboard


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No gap between two keys is long enough until the test says so: a machine may stall between them."""
    monkeypatch.setattr(keys, "BURST_GAP_MS", 3_600_000)


class Bench:
    """A window with a text field and the keys O, N and ?."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window, self.field = QWidget(), QLineEdit()
        QVBoxLayout(self.window).addWidget(self.field)
        self.field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        qtbot.addWidget(self.window)
        self.keyboard = Keyboard(self.window)
        self.done: list[str] = []
        self.scans: list[str] = []
        names = ("O", "N", "?", "Space", "Ctrl+1", "Left")
        self.keyboard.bind("page", [Binding(n, n, lambda name=n: self.done.append(name)) for n in names])
        self.keyboard.scanned.connect(self.scans.append)
        self.window.show()
        qtbot.waitExposed(self.window)
        handle = self.window.windowHandle()
        assert handle is not None
        self.handle = handle
        self.keyboard.watch(handle)

    def click(self, *keys: Qt.Key | str) -> None:
        for key in keys:
            QTest.keyClick(self.handle, key)

    def gap(self) -> None:
        """No other key came in time."""
        assert self.keyboard._timer.isActive()
        self.keyboard._timer.timeout.emit()


def test_one_key_acts_once_after_the_burst_gap(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.click(Qt.Key.Key_O)
    qtbot.waitUntil(lambda: bench.done == ["O"])
    assert not bench.keyboard._timer.isActive()


@pytest.mark.usefixtures("unhurried")
def test_a_key_waits_for_the_gap(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.click(Qt.Key.Key_O)
    assert bench.done == []
    bench.gap()
    assert bench.done == ["O"]


@pytest.mark.usefixtures("unhurried")
def test_two_quick_keys_are_two_acts_in_order(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.click(Qt.Key.Key_N, Qt.Key.Key_O)
    bench.gap()
    assert bench.done == ["N", "O"] and bench.scans == []


@pytest.mark.usefixtures("unhurried")
def test_a_burst_without_enter_is_a_scan_too(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.click(*"ONON")
    bench.gap()
    assert bench.scans == ["ONON"] and bench.done == []


@pytest.mark.usefixtures("unhurried")
def test_enter_ends_a_burst_at_once(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.click(*"P-12 O7", Qt.Key.Key_Return)
    assert bench.scans == ["P-12 O7"] and bench.done == []


def test_commands_and_space_do_not_wait(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.click(Qt.Key.Key_Space)
    QTest.keyClick(bench.handle, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert bench.done == ["Space", "Ctrl+1"]


def test_a_key_that_needs_shift_is_known_by_its_character(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    QTest.keyClick(bench.handle, "?", Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: bench.done == ["?"])


def test_a_field_with_focus_gets_the_text(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.window.activateWindow()
    bench.field.setFocus()
    qtbot.waitUntil(bench.field.hasFocus)
    bench.click(*"no", Qt.Key.Key_Left)
    assert not bench.keyboard._timer.isActive()
    assert bench.field.text() == "no" and bench.done == []


@pytest.mark.usefixtures("unhurried")
def test_pressed_comes_before_the_wait(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    heard: list[str] = []
    bench.keyboard.pressed.connect(lambda: heard.append("pressed"))
    bench.click(Qt.Key.Key_O)
    assert heard == ["pressed"] and bench.done == []
    bench.gap()
    assert heard == ["pressed"] and bench.done == ["O"]
