"""Settings on their way to a source: one after the other, on jobs, each read back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.domain.inspection import Value
from engine.errors import LinesideError
from engine.sources.base import Capability
from engine.sources.supervisor import SourceState, Supervisor
from gui.jobs.jobs import Jobs


class Setter(QObject):
    """`put` and `ask` return at once; `read` brings every setting as it stands afterwards."""

    read = Signal(object)
    """tuple[Capability, …]: read back from the source that is set now."""
    refused = Signal(str, str)
    """Name, and why the value was not taken."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._source: Supervisor | None = None
        self._waiting: dict[str, Value] = {}
        self._asked = self._busy = False

    @property
    def busy(self) -> bool:
        """True while something is on its way."""
        return self._busy

    def aim(self, source: Supervisor | None) -> None:
        """From now on this source is set; what waits for another one is dropped."""
        if source is not self._source:
            self._source = source
            self._waiting.clear()
            self._asked = False

    def put(self, name: str, value: Value) -> None:
        """Set it; of several values that wait only the last is sent."""
        self._waiting.pop(name, None)
        self._waiting[name] = value
        self._next()

    def ask(self) -> None:
        """Read all settings."""
        self._asked = True
        self._next()

    def _next(self) -> None:
        source = self._source
        if self._busy or source is None:
            return
        if self._waiting:
            name = next(iter(self._waiting))
            value = self._waiting.pop(name)
            self._busy = True
            self._jobs.run(
                lambda: _set(source, name, value),
                lambda caps: self._landed(source, caps, None),
                lambda error: self._refused(source, name, error),
            )
        elif self._asked:
            self._asked, self._busy = False, True
            self._jobs.run(source.caps, lambda caps: self._landed(source, caps, None), self._not_asked)

    def _refused(self, source: Supervisor, name: str, error: Exception) -> None:
        if not isinstance(error, LinesideError):
            self._jobs.failed.emit(error)
        self._landed(source, None, (name, str(error)))

    def _not_asked(self, error: Exception) -> None:
        # A camera that went away meanwhile: the page shows it as lost, and asks again once it is back.
        if not isinstance(error, LinesideError):
            self._jobs.failed.emit(error)
        self._busy = False
        self._next()

    def _landed(self, source: Supervisor, caps: tuple[Capability, ...] | None, refused: tuple[str, str] | None) -> None:
        self._busy = False
        if source is self._source:
            if caps is not None:
                self.read.emit(caps)
            if refused is not None:
                self.refused.emit(*refused)
        self._next()


def _set(source: Supervisor, name: str, value: Value) -> tuple[Capability, ...] | None:
    """Set and read back; None where the source is away and takes it once it is back."""
    source.set(name, value)
    return source.caps() if source.state is SourceState.STREAMING else None
