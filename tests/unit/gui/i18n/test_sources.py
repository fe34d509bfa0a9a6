"""A source is told in the language in force; what it is called by stays."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from gui.i18n.language import Language
from gui.i18n.sources import source_words


@pytest.mark.parametrize(
    ("said", "german"),
    [
        ("demo 1280×1024 30 fps", "Demo-Linie 1280×1024 30 fps"),
        ("folder tray 7, 12 pictures", "Ordner tray 7, 12 Bilder"),
        ("folder tray 7", "Ordner tray 7"),
        ("watch folder incoming", "überwachter Ordner incoming"),
        ("video belt.mp4 640×480 25 fps", "Video belt.mp4 640×480 25 fps"),
        ("Basler acA1920-40gm 12345678 1920×1200", "Basler acA1920-40gm 12345678 1920×1200"),
    ],
)
def test_the_kind_is_translated_and_the_name_is_not(qtbot: QtBot, said: str, german: str) -> None:
    language = Language(QCoreApplication.instance())
    language.choose("en")
    assert source_words(said) == said
    try:
        language.choose("de")
        assert source_words(said) == german
    finally:
        language.choose("en")
