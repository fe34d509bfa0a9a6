"""A video that ends before its last frame: the window says how far it came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.domain.inspection import Frame
from engine.errors import EndedEarly, InputError, SourceEnded
from gui.app import GuiOptions, run_gui
from gui.notify import Notice
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource

PATIENCE = 20_000


class CutSource(ScriptedSource):
    """Ends after its frames, and had promised more."""

    def read(self, timeout: float) -> Frame:
        try:
            return super().read(timeout)
        except SourceEnded as ended:
            raise EndedEarly("The video run.avi ended after 3 of 20 frames.", "It may be truncated.") from ended


def test_an_early_end_is_a_notice(qtbot: QtBot, opened: Open) -> None:
    station = opened(open=lambda _uri: CutSource(3))
    notices: list[Notice] = []
    station.context.notice.connect(notices.append)
    station.line.start()
    qtbot.waitUntil(lambda: station.line.state == "Stopped" and bool(notices), timeout=PATIENCE)
    assert station.line.close()
    assert "ended after 3 of 20 frames" in str(notices)


def test_an_unattended_run_ends_with_it_as_the_command_line_does(options: GuiOptions, tmp_path: Path) -> None:
    wanted = replace(options, frames=50, screenshot=tmp_path / "x.png", open=lambda _uri: CutSource(3))
    with pytest.raises(InputError, match="ended after 3 of 20 frames") as told:
        run_gui(wanted)
    assert told.value.exit_code == 3
    assert (tmp_path / "x.png").exists()
