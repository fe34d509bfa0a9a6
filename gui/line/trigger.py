"""The trigger of the camera that runs: fired by hand, and how it is set. On jobs: a camera takes up to seconds."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal

from engine.errors import LinesideError
from engine.sources.supervisor import Supervisor
from engine.station.loop import Station
from gui.context import AppContext
from gui.i18n.language import translate


class Runs(Protocol):
    """Whose camera it is: the line."""

    @property
    def station(self) -> Station | None:
        """What runs now, if anything does."""
        ...


class Trigger(QObject):
    """Of the run that is on."""

    changed = Signal(str)
    """How the camera is triggered now: `off`, `software`, `hardware`; empty = it cannot be, or there is none."""

    def __init__(self, context: AppContext, line: Runs) -> None:
        super().__init__(context)
        self._context, self._line = context, line

    def fire(self) -> None:
        """Have the camera take a picture."""
        station = self._line.station
        if station is None:
            self._context.notify(
                "info", translate("Live", "The line does not run."), translate("Live", "Start it first.")
            )
        else:
            self._context.jobs.run(station.trigger, lambda _none: None)

    def ask(self) -> None:
        """Find out how the camera is triggered now; `changed` follows."""
        station = self._line.station
        if station is None:
            self.changed.emit("")
        else:
            camera = station.source
            self._context.jobs.run(lambda: _mode_of(camera), self.changed.emit)


def _mode_of(camera: Supervisor) -> str:
    try:
        return str(camera.get("trigger"))
    except LinesideError:
        return ""
