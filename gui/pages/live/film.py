"""The film strip: the last parts that were not OK, or all of them; small pictures made while frames are in memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from db.images.archive import Archive
from db.inspections import table as inspections
from db.inspections.paging import Stored
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.inspection import Origin, Outcome
from engine.errors import LinesideError
from engine.images.depth import shown
from engine.images.thumbnails import thumbnail
from gui.context import AppContext
from gui.pages.live.screen import LiveScreen
from gui.widgets.pictures.filmstrip import KEPT, Exhibit
from gui.widgets.pictures.pixel_images import as_image

log = logging.getLogger(__name__)

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
        context.partsRemoved.connect(self._forget)
        self._recall()

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

    def _recall(self) -> None:
        db, archive = self._context.db, self._context.archive
        self._context.jobs.run(lambda: recall(db, archive), self._screen.film.recall)

    def _forget(self) -> None:
        """Simulated parts left the database; those recorded since are among the stored ones."""
        self._screen.film.forget(lambda part: part.traveller.origin is Origin.SIMULATED)
        self._recall()

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


def recall(db: Database, archive: Archive) -> list[Exhibit]:
    """The last NG and REVIEW parts that are stored, newest first, as the film strip shows them."""
    wanted = inspections.Filter(outcomes=frozenset({Outcome.NG, Outcome.REVIEW}))
    found = []
    for stored in inspections.page(db, wanted, limit=KEPT).rows:
        said = stored.override.outcome if stored.override else None
        found.append(Exhibit(stored.inspection, _thumbnail(archive, stored), said))
    return found


def _thumbnail(archive: Archive, stored: Stored) -> QImage | None:
    """A small picture from the archive; None where it was not kept or cannot be read any more."""
    if stored.image is None:
        return None
    try:
        return as_image(thumbnail(shown(archive.load(stored.image), stored.inspection.frame)))
    except LinesideError as error:
        log.warning("no thumbnail: %s", error)
        return None


def small_pictures(recorder: Recorder, wanted: Sequence[str]) -> list[tuple[str, QImage]]:
    """Small pictures of these inspections, of those whose frames are still in memory."""
    found = []
    for inspection_id in wanted:
        recent = recorder.recent(inspection_id)
        if recent is not None:
            frame = recent[0]
            found.append((inspection_id, as_image(thumbnail(frame.pixels, frame.bits, frame.bayer))))
    return found
