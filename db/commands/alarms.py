"""The results' alarms of a line without a window: told on the console, stored for whoever acknowledges them."""

from __future__ import annotations

from db.store.session import Database
from db.users import alarms as stored
from engine import events
from engine.domain.inspection import Inspection
from engine.errors import LinesideError
from engine.settings import AlarmRules
from engine.station.alarms import Alarm, AlarmKind, AlarmWatch
from engine.station.loop import Publish


class Alarming:
    """Around a `publish`: watches what is inspected and publishes an Alarmed for what calls somebody.

    As in the window, an alarm is stored unless one of its kind that this run stored still waits to be acknowledged:
    somebody is called already. The console tells each of them, for nobody acknowledges there.
    """

    def __init__(self, db: Database, rules: AlarmRules, publish: Publish) -> None:
        self._db, self._rules, self._publish = db, rules, publish
        self._watch = AlarmWatch(rules)
        self._mine: set[str] = set()

    def __call__(self, event: events.StationEvent) -> None:
        """Publish it, and the alarms it sets off."""
        self._publish(event)
        if isinstance(event, events.Inspected):
            for alarm in self._watch.take(event.inspection):
                self._raise(alarm, event.inspection)

    def _raise(self, alarm: Alarm, inspection: Inspection) -> None:
        message, remedy = alarm_words(alarm, self._rules.ng_rate)
        self._publish(events.Alarmed(message, remedy))
        raised = stored.called(alarm.kind, message, inspection.traveller.lot, inspection.id)
        try:
            if any(a.kind == raised.kind and a.id in self._mine for a in stored.unacknowledged(self._db)):
                return
            stored.add(self._db, raised)
            self._mine.add(raised.id)
        except LinesideError as error:
            # The alarm was told: the line must not stop for a row of its log.
            self._publish(events.Warned(error.message, error.remedy))


def alarm_words(alarm: Alarm, limit: float) -> tuple[str, str]:
    """What happened, with its figures, and what to do; `limit` is the rate's, 0…1."""
    last = f"part {alarm.inspection.traveller.part or format(alarm.inspection.frame.sequence, ',')}"
    share = f"{alarm.count / max(1, alarm.among):.0%}".replace("%", " %")
    words = {
        AlarmKind.IN_ROW: (
            f"{alarm.count:,} NG in a row; the last is {last}.",
            "Look at the parts and at what makes them.",
        ),
        AlarmKind.RATE: (
            f"{alarm.count:,} NG among the last {alarm.among:,} parts: {share}, the limit is {100 * limit:.0f} %. "
            f"The last is {last}.",
            "Look at the parts and at what makes them.",
        ),
        AlarmKind.SAME_PLACE: (
            f"A defect in the same place on {alarm.count:,} parts in a row: a dirty lens or a tool mark? "
            f"The last is {last}.",
            "Look at the lens and at the tool.",
        ),
        AlarmKind.UNKNOWN: (
            f"{alarm.count:,} of the last {alarm.among:,} parts are unlike everything this model was taught; the last "
            f"is {last}.",
            "Another product? Judge it with its own model. A new one? Teach it in.",
        ),
    }
    return words[alarm.kind]
