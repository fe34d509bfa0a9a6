"""The counts of the lot on the line: what is stored of it already, plus what comes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from db.inspections import Counts, Filter, counts
from engine.domain import Inspection, Outcome, utc_now
from gui.context import AppContext


class LotTally(QObject):
    """Counts by verdict since the station was started, or of the whole lot once a lot is named."""

    changed = Signal(object)
    """Counts."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._context = context
        self._lot = ""
        self._since: datetime = utc_now()
        self._stored = Counts()
        self._live: Counter[Outcome] = Counter()

    @property
    def counts(self) -> Counts:
        """The sum of both."""
        live, stored = self._live, self._stored
        return Counts(
            ok=stored.ok + live[Outcome.OK],
            ng=stored.ng + live[Outcome.NG],
            review=stored.review + live[Outcome.REVIEW],
            no_verdict=stored.no_verdict + live[Outcome.NO_VERDICT],
            overridden=stored.overridden,
        )

    def choose(self, lot: str) -> None:
        """Count this lot from now on; what is stored of it is fetched on a job."""
        if lot == self._lot:
            return
        self._lot, self._since = lot, utc_now()
        self._stored, self._live = Counts(), Counter()
        self.changed.emit(self.counts)
        if lot:
            db, before = self._context.db, Filter(lot=lot, until=self._since)
            self._context.jobs.run(lambda: (lot, counts(db, before)), self._found)

    def add(self, inspections: list[Inspection]) -> None:
        """Count what was recorded."""
        for inspection in inspections:
            # A part judged before the lot was named belongs to the counts fetched from the database, or to none.
            if inspection.times.inspected_at >= self._since:
                self._live[inspection.verdict.outcome] += 1
        self.changed.emit(self.counts)

    def _found(self, result: tuple[str, Counts]) -> None:
        lot, stored = result
        if lot == self._lot:
            self._stored = stored
            self.changed.emit(self.counts)
