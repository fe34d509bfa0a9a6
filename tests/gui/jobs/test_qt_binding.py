"""PySide6 6.12.0 lost a reference to None with each call (docs/decisions/0006): a station would die within minutes."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot


def test_qt_calls_do_not_use_up_none(qtbot: QtBot) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for turn in range(2000):
        label.setText(str(turn))
    assert sys.getrefcount(None) > before - 1000
