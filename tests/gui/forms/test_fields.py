"""Fields of a form: the wheel scrolls past them, what is off is None, and what is put in tells nobody."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.forms.fields import Choice, Number, ShareField, Slider
from gui.forms.rows import Problem, WordGrid


@pytest.fixture
def holder(qtbot: QtBot) -> QWidget:
    """A window with a field that has the focus."""
    made = QWidget()
    qtbot.addWidget(made)
    column = QVBoxLayout(made)
    other = QLineEdit()
    column.addWidget(other)
    made.show()
    qtbot.waitExposed(made)
    other.setFocus()
    return made


def put_in(holder: QWidget, field: QWidget) -> None:
    layout = holder.layout()
    assert layout is not None
    layout.addWidget(field)
    field.show()


def wheel(field: QWidget) -> None:
    """One notch up over the field."""
    middle = field.rect().center()
    event = QWheelEvent(
        QPointF(middle),
        QPointF(field.mapToGlobal(middle)),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, event)


def test_the_wheel_turns_a_number_only_with_the_focus_in_it(holder: QWidget) -> None:
    number = Number("Area", 0, 100)
    put_in(holder, number)
    number.put(5)
    wheel(number)
    assert number.number == 5
    number.setFocus()
    wheel(number)
    assert number.number == 6


def test_the_wheel_turns_a_choice_only_with_the_focus_in_it(holder: QWidget) -> None:
    choice = Choice("Kind", [("a", "First"), ("b", "Second")])
    put_in(holder, choice)
    choice.put("b")
    wheel(choice)
    assert choice.currentData() == "b"
    choice.setFocus()
    wheel(choice)
    assert choice.currentData() == "a"


def test_the_wheel_never_turns_a_slider(holder: QWidget) -> None:
    slider = Slider()
    put_in(holder, slider)
    slider.setFocus()
    wheel(slider)
    assert slider.value() == 0


def test_a_number_that_is_off_is_none(qtbot: QtBot) -> None:
    number = Number("Limit", 0.5, 10, decimals=1, off="off")
    qtbot.addWidget(number)
    told: list[float | None] = []
    number.chosen.connect(told.append)
    number.put(None)
    assert number.number is None and number.text() == "off" and told == []
    number.stepUp()
    assert told == [0.5] == [number.number]
    number.stepDown()
    assert told[-1] is None


def test_slider_and_number_of_a_share_follow_each_other(qtbot: QtBot) -> None:
    share = ShareField("Limit")
    qtbot.addWidget(share)
    told: list[float] = []
    share.chosen.connect(told.append)
    share.put(0.25)
    assert (share.slider.value(), share.field.number, told) == (250, 0.25, [])
    share.slider.setValue(500)
    assert share.field.number == 0.5 and told == [0.5]
    share.field.setValue(0.75)
    assert share.slider.value() == 750 and told == [0.5, 0.75]


def test_what_is_wrong_stands_below_its_field_while_it_is(holder: QWidget) -> None:
    inside = QWidget()
    grid = WordGrid(inside)
    grid.head("Exposure")
    field, switch = Number("", 0, 10), QCheckBox("Automatic")
    problem = grid.field("Gain", field)
    assert isinstance(grid.field("Automatic", switch), Problem)
    put_in(holder, inside)
    assert field.accessibleName() == "Gain" and not problem.isVisible()
    problem.say("The camera does not take 7.")
    assert problem.isVisible() and problem.y() > field.y()
    problem.say("")
    assert not problem.isVisible()
