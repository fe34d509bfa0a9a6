"""The film strip's other list: all parts, with small pictures of those that were OK made while they are in memory."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from gui.context import AppContext
from gui.pages.live.look import recall, small_pictures
from gui.pages.live.screen import LiveScreen

EVERY_MS = 500


class FilmList(QObject):
    """Switches between the parts that were not OK and all of them; remembers which."""

    def __init__(self, context: AppContext, screen: LiveScreen) -> None:
        super().__init__(screen)
        self._context, self._screen, self._developing = context, screen, False
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._develop)
        if context.memory("live").get("every") is True:
            self.switch()
        context.jobs.run(lambda: recall(context.db, context.archive), screen.film.recall)

    def switch(self) -> None:
        """All parts, or only those that were not OK."""
        every = not self._screen.film.every
        self._screen.film.show_every(every)
        self._screen.tools.set_checked("parts", every)
        self._context.remember("live", every=every)
        if every:
            self._timer.start()
            self._develop()
        else:
            self._timer.stop()

    def stop(self) -> None:
        """No more pictures."""
        self._timer.stop()

    def _develop(self) -> None:
        wanted, recorder = self._screen.film.bare, self._context.recorder
        if self._developing or recorder is None or not wanted or not self._screen.isVisible():
            return
        self._developing = True
        self._context.jobs.run(lambda: small_pictures(recorder, wanted), self._developed, self._failed)

    def _developed(self, pictures: list[tuple[str, QImage]]) -> None:
        self._developing = False
        for inspection_id, picture in pictures:
            self._screen.film.set_picture(inspection_id, picture)

    def _failed(self, error: Exception) -> None:
        self._developing = False
        self._context.jobs.failed.emit(error)
