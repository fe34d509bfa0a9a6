"""The table of counts shrinks before it is cut."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from gui.theme.theme import Theme
from gui.widgets.charts.confusion import CELL, CountGrid, square_table

NAMES = ("ok", "crease", "inclusion", "oil_spot", "pit", "scratch", "burnish", "stain")
NARROW = 340
"""Of the details on Models at 1280 x 720."""


@pytest.mark.parametrize("classes", [2, 6, 8])
def test_every_class_of_a_model_is_seen_where_the_room_is_narrow(qtbot: QtBot, classes: int) -> None:
    names = NAMES[:classes]
    grid = CountGrid(Theme())
    qtbot.addWidget(grid)
    grid.set_table(square_table(names, [[222 if i == j else 1 for j in range(classes)] for i in range(classes)]))
    assert grid.minimumSizeHint().width() <= NARROW
    grid.resize(NARROW, grid.height())
    last = grid._cell(classes - 1, classes - 1)
    assert last.right() < NARROW and last.width() <= CELL.width()
    grid.resize(2000, grid.height())
    assert grid._cell(0, 0).width() == CELL.width()
