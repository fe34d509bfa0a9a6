"""A fake camera and the intake that reads it, without a loop and without a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from engine.domain.inspection import Frame, utc_now
from engine.domain.recipe import CameraSetup, Limits, Recipe
from engine.errors import LinesideError
from engine.sources.supervisor import Supervisor
from engine.station.intake import Intake, Refused
from tests.camera import FakeCamera


class Clock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        """Later."""
        self.now += timedelta(seconds=seconds)


class Bench:
    """A fake camera, its supervisor, and the intake that reads it."""

    def __init__(self, trigger: str = "off", takt_s: float = 0.0) -> None:
        self.camera, self.clock = FakeCamera(), Clock()
        self.recipe = Recipe("r", 1, ("ok",), Limits(), camera=CameraSetup((("trigger", trigger),), takt_s))
        self.source = Supervisor(self.camera, dict(self.recipe.camera.settings), retry_s=(0.0,))
        self.source.open()
        self.intake = Intake(self.source, self.clock)

    def next(self) -> list[Frame | Refused]:
        return list(self.intake.next(0.0, lambda: self.recipe))

    def arrives(self, *, late: float = 0.0, sequence: int | None = None) -> None:
        """A picture taken `late` seconds ago comes in now."""
        self.camera.coming.append(
            replace(
                self.camera.picture(sequence),
                captured_at=self.clock.now,
                exposed_at=self.clock.now - timedelta(seconds=late),
            )
        )

    def sequences(self, *numbers: int) -> list[int]:
        """Pictures with these numbers come in: the numbers of all that is told of them, refused or not."""
        told = []
        for number in numbers:
            self.arrives(sequence=number)
            told += [item.ref.sequence for item in self.next()]
        return told

    def breaks(self, error: LinesideError) -> list[Refused]:
        """What is told when the source says this."""
        self.camera.coming.append(error)
        return [item for item in self.next() if isinstance(item, Refused)]


def reasons(came: list[Frame | Refused]) -> list[str]:
    """Why what was refused was."""
    return [item.reason for item in came if isinstance(item, Refused)]
