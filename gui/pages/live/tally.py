"""The counts of the shift or of the lot: what is stored of it already, plus what comes, and what was corrected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from db.inspections.table import Counts
from db.statistics.tally import Changes, StationTally, TallySpan, changes, corrected, tally
from engine.domain.inspection import Inspection, Origin, Outcome, utc_now
from engine.statistics.shifts import shift_of
from gui.context import AppContext

SHIFT_CHECK_MS = 5000
NO_COUNTS = Counts()
SETTLE_MS = 150
"""Corrections that come together are looked up once."""


@dataclass(frozen=True, slots=True)
class ShownTally:
    """What the counters show: of the lot, or (`lot` empty) of the shift since `since`."""

    lot: str
    since: datetime
    counts: Counts
    """As the station judged."""
    corrections: int = 0
    after: Counts = NO_COUNTS
    """With the corrections."""
    origin: Origin = Origin.PRODUCTION
    """What the counted parts were judged for."""


class LiveTally(QObject):
    """Counts by verdict of the shift, or of the lot where one is named and asked for, of the product that is
    inspected. Fetched once, then added to."""

    changed = Signal(object)
    """Shown."""
    fetched = Signal(object)
    """tuple[Outcome, ...]: the last verdicts stored, oldest first; the trend begins with them."""

    def __init__(
        self, context: AppContext, parent: QObject, lot: str, *, by_lot: bool, last: int, origin: Origin
    ) -> None:
        super().__init__(parent)
        self._context, self._lot, self._by_lot, self._last = context, lot, by_lot, last
        self._origin, self._product = origin, context.product
        self._stored, self._live = StationTally(Counts()), Counter[Outcome]()
        self._unknown = 0
        self._changes: Changes = {}
        self._now = self._since = utc_now()
        self._turn = self._looked_up = 0
        self._clock = QTimer(self, interval=SHIFT_CHECK_MS)
        self._clock.timeout.connect(self._look_at_clock)
        self._clock.start()
        self._settling = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settling.timeout.connect(self._look_up_changes)
        context.overridden.connect(self._overridden)

    @property
    def of_lot(self) -> bool:
        """Whether the lot is counted now, not the shift."""
        return self._by_lot and bool(self._lot)

    @property
    def shown(self) -> ShownTally:
        """The sum of what was stored and what came."""
        stored, live = self._stored.counts, self._live
        counts = Counts(
            ok=stored.ok + live[Outcome.OK],
            ng=stored.ng + live[Outcome.NG],
            review=stored.review + live[Outcome.REVIEW],
            no_verdict=stored.no_verdict + live[Outcome.NO_VERDICT],
            unknown=stored.unknown + self._unknown,
        )
        lot = self._lot if self.of_lot else ""
        number = sum(self._changes.values())
        return ShownTally(lot, self._since, counts, number, corrected(counts, self._changes), self._origin)

    def choose(self, lot: str, *, by_lot: bool) -> None:
        """Count this lot, or the shift, from now on; what is stored of it is fetched on a job."""
        self._lot, self._by_lot = lot, by_lot
        self.begin()

    def judge_for(self, origin: Origin) -> None:
        """Count the parts that are judged for this."""
        self._origin = origin
        self.begin()

    def begin(self) -> None:
        """Fetch what is stored and count on from there."""
        self._product = self._context.product
        self._now, self._turn = utc_now(), self._turn + 1
        self._since = shift_of(self._now, self._context.settings.shifts)[0]
        self._stored, self._live, self._changes, self._unknown = StationTally(Counts()), Counter(), {}, 0
        self.changed.emit(self.shown)
        db, span, turn, last = self._context.db, self._span(self._now), self._turn, self._last
        self._context.jobs.run(lambda: (turn, tally(db, span, last)), self._found)

    def add(self, inspections: list[Inspection]) -> None:
        """Count what was recorded."""
        for inspection in inspections:
            # A part judged before is among those fetched from the database; one of the lot before, of another product,
            # or judged for something else, is not of these.
            traveller = inspection.traveller
            mine = traveller.origin is self._origin and traveller.product in self._product.on_record
            mine = mine and (not self.of_lot or traveller.lot == self._lot)
            if mine and inspection.times.inspected_at >= self._now:
                self._live[inspection.verdict.outcome] += 1
                self._unknown += inspection.verdict.unknown
        self.changed.emit(self.shown)

    def stop(self) -> None:
        """Look at the clock no more."""
        self._clock.stop()
        self._settling.stop()

    def _span(self, until: datetime | None) -> TallySpan:
        products = self._product.on_record
        if self.of_lot:
            return TallySpan(lot=self._lot, until=until, origin=self._origin, products=products)
        return TallySpan(since=self._since, until=until, origin=self._origin, products=products)

    def _found(self, result: tuple[int, StationTally]) -> None:
        turn, found = result
        if turn == self._turn:
            self._stored = found
            # A correction made meanwhile was looked up later than this, and goes first.
            self._changes = self._changes if self._looked_up == turn else found.changes
            self.fetched.emit(found.last)
            self.changed.emit(self.shown)

    def _look_at_clock(self) -> None:
        if not self.of_lot and shift_of(utc_now(), self._context.settings.shifts)[0] != self._since:
            self.begin()

    def _overridden(self, _inspection_id: str) -> None:
        self._settling.start()

    def _look_up_changes(self) -> None:
        db, span, turn = self._context.db, self._span(None), self._turn
        self._context.jobs.run(lambda: (turn, changes(db, span)), self._changed)

    def _changed(self, result: tuple[int, Changes]) -> None:
        turn, found = result
        if turn == self._turn:
            self._changes, self._looked_up = found, turn
            self.changed.emit(self.shown)
