"""The lot and the shift on the Live page: what goes with the parts, and which of them are counted."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.domain.inspection import Inspection, Origin, Outcome, Traveller
from gui.context import AppContext
from gui.i18n.language import clock, origin_word, translate
from gui.line.line import Line
from gui.pages.live.screen import LiveScreen
from gui.pages.live.tally import LiveTally, ShownTally
from gui.widgets.charts.trend import LAST

NAME_SHOWN = 18
"""Characters of a lot's name on the button."""


class CountsOnScreen(QObject):
    """Gives the line what goes with the parts, and shows the counts of the lot or of the shift."""

    def __init__(self, context: AppContext, line: Line, screen: LiveScreen) -> None:
        super().__init__(screen)
        self._context, self._line, self._screen = context, line, screen
        self._by_lot = context.memory("live").get("by_lot") is not False
        self._lot_named = False
        lot, origin = line.traveller.lot, line.origin
        self.tally = LiveTally(context, self, lot, by_lot=self._by_lot, last=LAST, origin=origin)
        self.tally.changed.connect(self._show)
        self.tally.fetched.connect(self._fetched)
        screen.strip.changed.connect(self._travel)
        line.originChanged.connect(self._judged_for)
        context.partsRemoved.connect(self._count_anew)
        context.productChanged.connect(self._count_anew)
        self.tally.begin()

    def add(self, inspections: list[Inspection]) -> None:
        """Count what was recorded."""
        if inspections:
            self.tally.add(inspections)

    def switch(self) -> None:
        """The lot instead of the shift, and back."""
        lot = self._line.traveller.lot
        if not lot:
            self._screen.aside.tell(translate("Live", "No lot is named, so the shift is counted."))
            return
        self._by_lot = not self._by_lot
        self._context.remember("live", by_lot=self._by_lot)
        self._choose(lot)

    def stop(self) -> None:
        """Look at the clock no more."""
        self.tally.stop()

    def _count_anew(self) -> None:
        """What was counted has left the database, or another product is inspected."""
        self._screen.trend.begin()
        self.tally.begin()

    def _judged_for(self, origin: Origin) -> None:
        self._screen.trend.begin()
        self.tally.judge_for(origin)

    def _travel(self, traveller: Traveller) -> None:
        before, self._line.traveller = self._line.traveller, traveller
        if traveller.lot == before.lot:
            return
        self._by_lot, self._lot_named = True, True
        self._context.remember("live", lot=traveller.lot, by_lot=True)
        self._choose(traveller.lot)

    def _choose(self, lot: str) -> None:
        self._screen.trend.begin()
        self.tally.choose(lot, by_lot=self._by_lot)

    def _show(self, shown: ShownTally) -> None:
        screen = self._screen
        screen.counters.set_counts(shown.counts, shown.after, shown.corrections)
        if shown.lot:
            said = translate("Live", "Lot {lot}").format(lot=_short(shown.lot))
        else:
            said = translate("Live", "Shift since {time}").format(time=clock(shown.since)[:5])
        if shown.origin is not Origin.PRODUCTION:
            said = f"{said} · {origin_word(shown.origin)}"
        other = translate("Live", "Count the shift or the lot")
        screen.scope.tell(said, f"{other}: {shown.lot}" if shown.lot else other)

    def _fetched(self, last: tuple[Outcome, ...]) -> None:
        self._screen.trend.recall(last)
        if not self._lot_named:
            return
        self._lot_named = False
        lot, count = self._line.traveller.lot, self.tally.shown.counts.total
        said = translate("Live", "No lot from now on; the shift is counted.")
        if lot and count:
            said = translate("Live", "Lot {lot} goes on: %n part(s) of it so far.", "", count)
        elif lot:
            said = translate("Live", "Lot {lot} from now on; no part of it so far.")
        self._screen.aside.tell(said.format(lot=lot))


def _short(name: str) -> str:
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"
