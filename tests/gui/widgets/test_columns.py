"""Columns that somebody moves: told with all their widths, and found again only where that is what was kept."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.columns import Columns, kept_widths


def test_a_border_that_was_moved_tells_all_widths(qtbot: QtBot) -> None:
    left, right = QWidget(), QWidget()
    columns = Columns((left, right), right)
    qtbot.addWidget(columns)
    columns.resize(400, 100)
    columns.show()
    columns.setSizes([100, 284])
    with qtbot.waitSignal(columns.moved) as told:
        columns.moveSplitter(200, 1)
    assert told.args == [columns.sizes()] and columns.sizes()[0] == 200


def test_only_the_wide_one_grows_with_the_window(qtbot: QtBot) -> None:
    parts = QWidget(), QWidget(), QWidget()
    columns = Columns(parts, parts[1])
    qtbot.addWidget(columns)
    columns.resize(632, 100)
    columns.show()
    columns.setSizes([100, 400, 100])
    columns.resize(832, 100)
    assert columns.sizes() == [100, 600, 100]


@pytest.mark.parametrize("kept", [None, "100", [1], [1, 2, 3], [0, 5], [5, 10_000], [1.5, 2]])
def test_what_is_no_widths_is_forgotten(kept: object) -> None:
    assert kept_widths(kept, 2) == []


def test_widths_come_back() -> None:
    assert kept_widths([1, 9_999], 2) == [1, 9_999]
