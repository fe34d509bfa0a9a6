"""Set-up and back to production, and the first choice of a source, on the Live page."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject

from engine.domain.inspection import Origin
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.judged_for import judge_for
from gui.line.line import Line

TOUR = "first-run"
"""`pageAsked` with this word starts the guided tour."""
DEMO = "demo:"


class Screen(Protocol):
    """The page, as far as this is about it."""

    def show_origin(self, origin: Origin) -> None: ...
    def show_choice(self, open_: bool) -> None: ...
    def tell(self, text: str) -> None: ...


class JudgedFor(QObject):
    """Has the line judge for something else, and shows on the screen that it does."""

    def __init__(self, context: AppContext, line: Line, screen: Screen, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._line, self._screen = context, line, screen
        line.originChanged.connect(self._show)
        line.stateChanged.connect(self.look)
        self._show(line.origin)
        self.look()

    def look(self, _state: str = "") -> None:
        """Whether a source is still to be chosen."""
        self._screen.show_choice(not self._line.options.source)

    def switch(self) -> None:
        """Set-up from the next part on, or production again; the trail keeps who did it."""
        now = self._line.origin
        if now is Origin.SIMULATED:
            self._screen.tell(translate("Live", "Simulated parts do not count anyway."))
            return
        wanted = Origin.SETUP if now is Origin.PRODUCTION else Origin.PRODUCTION
        judge_for(self._context, self._line, wanted)

    def choose(self, way: str) -> None:
        """One of the ways to a source: `camera`, `files` or `demo`."""
        if way != "demo":
            self._context.pageAsked.emit("camera")
            return
        self._line.use(DEMO)
        self.look()
        if self._context.settings.first_run:
            self._context.pageAsked.emit(TOUR)
        else:
            self._line.start()

    def _show(self, origin: Origin) -> None:
        # On the demo station everything is simulated, and its window says so.
        plain = self._context.demo and origin is Origin.SIMULATED
        self._screen.show_origin(Origin.PRODUCTION if plain else origin)
