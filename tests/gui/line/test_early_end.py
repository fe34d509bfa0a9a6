"""A video that ends before its last frame: the window says how far it came."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from engine.domain.inspection import Frame
from engine.errors import EndedEarly, SourceEnded
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
