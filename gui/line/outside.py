"""What the command line or another window decides on the same data folder is heard of here, within seconds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from db.models.standing import Marks, Standing, marks, standing
from gui.context import AppContext

EVERY_MS = 1000


class Outside(QObject):
    """Looks every second, on a job, whether anything was decided; `found` hears once of how the product stands then.

    `settled`: nothing that this window decided is still on its way to the line.
    """

    def __init__(self, context: AppContext, settled: Callable[[], bool], found: Callable[[Standing], None]) -> None:
        super().__init__(context)
        self._context, self._settled, self._tell = context, settled, found
        self.heard: Marks = (0, 0)
        """What was decided so far that is told, or was this window's own."""
        self._seen: Marks = (0, 0)
        self._looking = False
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Once; nothing happens while a look is under way."""
        if self._looking or not self._settled():
            return
        self._looking = True
        db, product, known = self._context.db, self._context.product.id, self.heard

        def work() -> tuple[Marks, Standing | None]:
            now = marks(db)
            return now, standing(db, product) if now != known else None

        self._context.jobs.run(work, self._looked, self._not_looked)

    def _looked(self, found: tuple[Marks, Standing | None]) -> None:
        now, how = found
        self._looking = False
        if how is None or not self._settled() or how.product.id != self._context.product.id:
            return
        # What this window decides is on record a moment before the line hears of it: only what stays is from outside.
        stays, self._seen = now == self._seen, now
        if stays:
            self.heard = now
            self._tell(how)

    def _not_looked(self, error: Exception) -> None:
        """A database in trouble is told by whoever writes to it."""
        self._looking = False
