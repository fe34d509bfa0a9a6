"""Widgets for paper: light, twice as sharp, and gone afterwards."""

from __future__ import annotations

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui.printing.paper import Paper, paper_theme, png_of
from gui.theme.theme import scaled


def test_a_widget_is_drawn_light_and_at_twice_its_size(qtbot: QtBot) -> None:
    theme, label = paper_theme(), QLabel()
    paper = Paper(label, theme, (40, 20))
    image = paper.picture()
    assert (image.width(), image.height()) == (2 * scaled(40), 2 * scaled(20))
    assert image.devicePixelRatio() == 2
    assert image.pixelColor(5, 5) == theme.colour("raised")
    with qtbot.waitSignal(label.destroyed):
        paper.close()
    assert QImage.fromData(png_of(image)).size() == image.size()
