"""Windows as gui/app.py composes them, with a scripted source and model, shut down in order after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import GuiOptions, Station, compose, shut_down
from gui.theme.theme import set_scale
from tests.gui.standins import ScriptedSource, loader, make_package
from tests.gui.stored import Bench

Open = Callable[..., Station]


@pytest.fixture(autouse=True)
def own_look(qapp: QApplication) -> Iterator[None]:
    """What a window put on the whole application goes with it: no test sees the type or texts of the one before."""
    plain, palette = qapp.font(), qapp.palette()
    yield
    set_scale(1.0)
    if qapp.styleSheet():
        qapp.setStyleSheet("")
    qapp.setFont(plain)
    qapp.setPalette(palette)


@pytest.fixture
def options(tmp_path: Path) -> GuiOptions:
    """Five good parts, as fast as they are read."""
    package = make_package(tmp_path / "package")
    return GuiOptions(
        source="scripted:", model=str(package.folder), load=loader("ok"), open=lambda _uri: ScriptedSource(5)
    )


@pytest.fixture
def opened(qtbot: QtBot, options: GuiOptions) -> Iterator[Open]:
    """Open a window whose line is not started yet: `opened(load=…, open=…)`."""
    stations: list[Station] = []

    def make(**changes: object) -> Station:
        station = compose(replace(options, **changes))  # type: ignore[arg-type]
        stations.append(station)
        station.window.show()
        qtbot.waitExposed(station.window)
        station.bridge.start()
        return station

    yield make
    for station in stations:
        shut_down(station)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    """A context on a real database with the tiny model, for a page by itself."""
    made = Bench(tmp_path / "station", qtbot)
    yield made
    made.close()
