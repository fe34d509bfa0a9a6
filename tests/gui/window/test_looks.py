"""The window looks as the manual shows it, and nothing is cut in any theme, language or size of type."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from gui.theme.theme import ThemeName
from tests.clipping import clipped, unnamed
from tests.scenes import fill, incoming
from tests.screenshots import PAGES, SIZES, application, show, station
from tests.translations import ROOT

SHOTS = ROOT / "docs" / "screenshots"
STATUS_BAR = 40
"""Pixels at the bottom that are left out: they tell the time of day, the disk's room, the rate."""
FAR = 40
"""Difference of grey from which a pixel counts as another, at half the size."""
MOST = 0.025
"""Share of pixels that may: times of day, milliseconds, the date of registration."""

Grey = NDArray[np.uint8]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The station's data folder and a folder to scan; UTC while it is shown."""
    before, home = os.environ.get("TZ"), tmp_path_factory.mktemp("scene")
    os.environ["TZ"] = "UTC"
    time.tzset()
    fill(home / "home").close()
    yield home / "home", incoming(home / "incoming", 24)
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def grey(image: QImage) -> Grey:
    """H×W at half the size, without the status bar."""
    plain = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    kept = rows[: plain.height() - STATUS_BAR, : plain.width()]
    half = cv2.resize(kept, (kept.shape[1] // 2, kept.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8)


def difference(one: Grey, other: Grey) -> float:
    """Share of pixels that are another grey."""
    return float((cv2.absdiff(one, other) > FAR).mean())


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_page_looks_as_in_the_manual(
    qtbot: QtBot, places: tuple[Path, Path], tmp_path: Path, size: tuple[int, int]
) -> None:
    home, folder = places
    application()
    far: dict[str, float] = {}
    with station(home, size) as made:
        for name in PAGES:
            show(made, name, folder)
            picture = made.window.grab().toImage()
            before = QImage(str(SHOTS / f"{name}-{size[0]}x{size[1]}.png"))
            assert not before.isNull(), f"{name}: run `make screenshots`"
            assert before.size() == picture.size()
            share = difference(grey(picture), grey(before))
            if share > MOST:
                far[name] = round(share, 4)
                picture.save(str(tmp_path / f"{name}.png"))
    assert far == {}, f"these pages changed (see {tmp_path}); if they should, run `make screenshots`"


@pytest.mark.parametrize(
    ("theme", "language", "scale"),
    [("light", "en", 1.0), ("contrast", "de", 1.0), ("light", "de", 1.25), ("dark", "en", 2.0), ("dark", "de", 2.0)],
)
def test_nothing_is_cut_in_any_theme_language_or_size(
    qtbot: QtBot, places: tuple[Path, Path], theme: ThemeName, language: str, scale: float
) -> None:
    home, folder = places
    application()
    cut: dict[str, list[str]] = {}
    with station(home, SIZES[0], theme=theme, language=language, scale=scale) as made:
        assert made.window.size().width() == SIZES[0][0]
        for name in (*PAGES, "camera"):
            show(made, name, folder)
            assert unnamed(made.window) == [], name
            found = clipped(made.window)
            if found:
                cut[name] = found
            assert made.window.size().toTuple() == SIZES[0], f"{name} makes the window larger"
    assert cut == {}


def test_a_cut_text_is_found(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 100)
    label = QLabel("a text that is longer than the place it has", window)
    label.setGeometry(0, 0, 60, 20)
    window.show()
    assert len(clipped(window)) == 1
    label.resize(label.sizeHint())
    window.resize(label.size())
    assert clipped(window) == []


def test_a_field_without_a_name_is_found(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    field = QLineEdit(window)
    window.show()
    assert len(unnamed(window)) == 1
    field.setAccessibleName("Lot")
    assert unnamed(window) == []


def test_another_picture_is_told_apart() -> None:
    plain = np.full((100, 100), 30, np.uint8)
    other = plain.copy()
    other[20:50, 20:50] = 200
    assert difference(plain, plain) == 0.0
    assert difference(plain, other) > MOST
