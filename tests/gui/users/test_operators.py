"""Who works here and who approves: names, the PIN pad, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from db.users import users
from db.users.users import add_user
from gui.users.operators import SignIn, ask_engineer, ask_operator
from tests.gui.stored import Bench

Key = Qt.Key


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least work, so that a test takes milliseconds."""
    monkeypatch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def parent(bench: Bench) -> QWidget:
    """What the dialogs stand over."""
    widget = QWidget()
    bench.qtbot.addWidget(widget)
    widget.show()
    return widget


def opened(bench: Bench, parent: QWidget) -> SignIn:
    """The dialog, with its names read."""
    bench.idle()
    (dialog,) = parent.findChildren(SignIn)
    return dialog


def engineers(bench: Bench) -> Callable[[], list[str]]:
    """An engineer and an operator with PINs, which the station requires."""
    add_user(bench.db, "ana", "engineer", "1234", "setup")
    add_user(bench.db, "bob", "operator", "5678", "setup")
    add_user(bench.db, "cleo", "operator", "", "setup")
    bench.context.settings.pin_required = True
    chosen: list[str] = []
    bench.context.operatorChanged.connect(chosen.append)
    return lambda: chosen


def test_without_pins_the_operator_approves_at_once(bench: Bench, parent: QWidget) -> None:
    named: list[str] = []
    ask_engineer(bench.context, parent, named.append)
    assert named == ["anna"]
    assert parent.findChildren(SignIn) == []


def test_without_users_a_name_is_typed_or_one_of_before_is_clicked(bench: Bench, parent: QWidget) -> None:
    bench.context.settings.operators = ["anna", "dora"]
    ask_operator(bench.context, parent)
    dialog = opened(bench, parent)
    assert list(dialog.buttons) == ["anna", "dora"]
    dialog.name.setFocus()
    QTest.keyClicks(dialog.name, "  Eva   Maria ")
    QTest.keyClick(dialog.name, Key.Key_Return)
    assert bench.context.operator == "Eva Maria"
    bench.qtbot.waitUntil(lambda: not parent.findChildren(SignIn), timeout=5000)
    ask_operator(bench.context, parent)
    QTest.mouseClick(opened(bench, parent).buttons["dora"], Qt.MouseButton.LeftButton)
    assert bench.context.operator == "dora"


def test_operator_takes_over_by_pin_from_the_keyboard(bench: Bench, parent: QWidget) -> None:
    chosen = engineers(bench)
    ask_operator(bench.context, parent)
    dialog = opened(bench, parent)
    assert not dialog.buttons["cleo"].isEnabled(), "nobody works here without a PIN"
    QTest.mouseClick(dialog.buttons["bob"], Qt.MouseButton.LeftButton)
    QTest.keyClicks(dialog.pad, "56789")
    QTest.keyClick(dialog.pad, Key.Key_Backspace)
    assert dialog.pad.typed == 4
    QTest.keyClick(dialog.pad, Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    bench.idle()
    assert chosen() == ["bob"] and bench.context.operator == "bob"


def test_pin_pad_works_by_touch_and_shows_no_digit(bench: Bench, parent: QWidget) -> None:
    chosen = engineers(bench)
    ask_operator(bench.context, parent)
    dialog = opened(bench, parent)
    QTest.mouseClick(dialog.buttons["ana"], Qt.MouseButton.LeftButton)
    keys = {button.text(): button for button in dialog.pad.findChildren(type(dialog.pad.enter))}
    assert all(key.width() >= 56 and key.height() >= 56 for key in keys.values())
    for digit in "123":
        QTest.mouseClick(keys[digit], Qt.MouseButton.LeftButton)
    assert not dialog.pad.enter.isEnabled()
    QTest.mouseClick(keys["4"], Qt.MouseButton.LeftButton)
    shown = [w.accessibleName() for w in dialog.pad.findChildren(QWidget)] + [dialog.pad.title]
    assert not any("1234" in text for text in shown)
    QTest.mouseClick(dialog.pad.enter, Qt.MouseButton.LeftButton)
    bench.idle()
    assert chosen() == ["ana"]


def test_only_an_engineer_approves(bench: Bench, parent: QWidget) -> None:
    engineers(bench)
    named: list[str] = []
    ask_engineer(bench.context, parent, named.append)
    dialog = opened(bench, parent)
    assert list(dialog.buttons) == ["ana"]
    QTest.keyClicks(dialog.pad, "5678\r")
    bench.idle()
    assert named == [] and "not the right PIN" in dialog.said.text() and dialog.pad.typed == 0
    QTest.keyClicks(dialog.pad, "1234\r")
    bench.idle()
    assert named == ["ana"]
    assert bench.context.operator == "anna", "who approves does not take over"


def test_cancel_changes_nothing(bench: Bench, parent: QWidget) -> None:
    chosen = engineers(bench)
    ask_operator(bench.context, parent)
    dialog = opened(bench, parent)
    QTest.keyClicks(dialog.pad, "1234")
    QTest.keyClick(dialog.pad, Key.Key_Escape)
    bench.qtbot.waitUntil(lambda: not parent.findChildren(SignIn), timeout=5000)
    assert chosen() == []


def test_station_that_requires_pins_without_any_user_lets_nobody_in(bench: Bench, parent: QWidget) -> None:
    bench.context.settings.pin_required = True
    named: list[str] = []
    ask_engineer(bench.context, parent, named.append)
    dialog = opened(bench, parent)
    QTest.keyClicks(dialog.pad, "1234\r")
    bench.idle()
    assert named == [] and "No user with a PIN" in dialog.said.text()
    dialog.reject()
