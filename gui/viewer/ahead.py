"""Parts opened before they are asked for: the neighbours of the one on screen, so that the next picture is there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject

from db.inspections.paging import Stored
from gui.context import AppContext
from gui.viewer.picture import OpenedPart, open_part

KEPT = 12
AT_ONCE = 2


class Ahead(QObject):
    """Opens parts on jobs and keeps the last ones; `take` gives one that is as its row says, or None."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._kept: OrderedDict[str, OpenedPart] = OrderedDict()
        self._wanted: list[Stored] = []
        self._running: set[str] = set()
        context.overridden.connect(self.forget)

    def take(self, stored: Stored) -> OpenedPart | None:
        """The opened part, at once; None where it was not opened yet, or is another one now."""
        opened = self._kept.get(stored.inspection.id)
        if opened is None or opened.stored != stored:
            return None
        self._kept.move_to_end(stored.inspection.id)
        return opened

    def open(self, stored: Stored, done: Callable[[OpenedPart], None]) -> None:
        """Open a part on a job."""
        self._context.jobs.run(partial(open_part, self._context, stored), partial(self._opened, done))

    def want(self, parts: Sequence[Stored]) -> None:
        """Open these when there is time, the first first; wishes of before are forgotten."""
        self._wanted = [s for s in parts if self.take(s) is None]
        self._serve()

    def forget(self, inspection_id: str) -> None:
        """Something was said of this part: open it again."""
        self._kept.pop(inspection_id, None)

    def _serve(self) -> None:
        while self._wanted and len(self._running) < AT_ONCE:
            stored = self._wanted.pop(0)
            id_ = stored.inspection.id
            if id_ not in self._running:
                self._running.add(id_)
                work = partial(open_part, self._context, stored)
                self._context.jobs.run(work, self._came, partial(self._failed, id_))

    def _opened(self, done: Callable[[OpenedPart], None], opened: OpenedPart) -> None:
        self._keep(opened)
        done(opened)

    def _came(self, opened: OpenedPart) -> None:
        self._running.discard(opened.stored.inspection.id)
        self._keep(opened)
        self._serve()

    def _failed(self, id_: str, _error: Exception) -> None:
        # It is read again, and then told, when it is on screen.
        self._running.discard(id_)
        self._serve()

    def _keep(self, opened: OpenedPart) -> None:
        if opened.stored.pending:
            return
        self._kept[opened.stored.inspection.id] = opened
        self._kept.move_to_end(opened.stored.inspection.id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
