"""Alarms of the line while the window is open: raised, stored, sounded until somebody acknowledges them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from db.users import alarms as stored
from db.users.alarms import StoredAlarm
from engine.domain.inspection import Inspection, utc_now
from engine.station.alarms import Alarm, AlarmKind, AlarmWatch
from gui.context import AppContext
from gui.i18n.language import number, percent, translate
from gui.line.sounds import Sounds

SOUND_MS = 4000


def part_name(inspection: Inspection) -> str:
    """How a part is called on screen: its own number where it has one, else its place in the source."""
    part = inspection.traveller.part or number(inspection.frame.sequence)
    return translate("Live", "part {part}").format(part=part)


def alarm_words(alarm: Alarm, limit: float) -> str:
    """What happened, with its figures; `limit` is the rate's, 0…1."""
    texts = {
        AlarmKind.IN_ROW: translate("Alarm", "{count} NG in a row; the last is {part}."),
        AlarmKind.RATE: translate(
            "Alarm", "{count} NG among the last {among} parts: {share}, the limit is {limit}. The last is {part}."
        ),
        AlarmKind.SAME_PLACE: translate(
            "Alarm",
            "A defect in the same place on {count} parts in a row: a dirty lens or a tool mark? The last is {part}.",
        ),
        AlarmKind.UNKNOWN: translate(
            "Alarm", "{count} of the last {among} parts are unlike everything this model was taught. Another product?"
        ),
    }
    return texts[alarm.kind].format(
        count=number(alarm.count),
        among=number(alarm.among),
        share=percent(alarm.count / max(1, alarm.among), 0),
        limit=percent(limit, 0),
        part=part_name(alarm.inspection),
    )


class Alarms(QObject):
    """One per window, of the line. `waiting` are those nobody acknowledged, of earlier runs too, oldest first."""

    changed = Signal()
    """`waiting` is another."""
    raised = Signal(object)
    """StoredAlarm: it was raised just now."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._context = context
        self._waiting: list[StoredAlarm] = []
        self._watch = AlarmWatch(context.settings.alarms)
        self._sounds = Sounds(context)
        self._timer = QTimer(self, interval=SOUND_MS)
        self._timer.timeout.connect(self._sound)
        context.recorded.connect(self._judged)
        context.jobs.run(lambda: stored.unacknowledged(context.db), self._recalled)

    @property
    def waiting(self) -> tuple[StoredAlarm, ...]:
        """Not acknowledged yet, oldest first."""
        return tuple(self._waiting)

    def call(self, kind: AlarmKind, message: str, lot: str = "", inspection_id: str | None = None) -> None:
        """Raise an alarm: shown, sounded and stored. While one of its kind waits, somebody is called already."""
        if any(alarm.kind == kind for alarm in self._waiting):
            return
        db, alarm = self._context.db, stored.called(kind, message, lot, inspection_id)
        self._context.jobs.run(lambda: stored.add(db, alarm), lambda _none: None)
        self._waiting.append(alarm)
        self.raised.emit(alarm)
        self._tell()
        self._sound()

    def acknowledge(self) -> None:
        """Somebody has seen the oldest one that waits; the next one is shown."""
        if not self._waiting:
            return
        alarm, db, who, now = self._waiting.pop(0), self._context.db, self._context.operator, utc_now()
        self._context.jobs.run(lambda: stored.acknowledge(db, alarm, who, now), lambda _first: None)
        self._tell()

    def close(self) -> None:
        """No more sounds."""
        self._timer.stop()

    def _judged(self, inspections: list[Inspection]) -> None:
        self._watch.rules = self._context.settings.alarms
        for inspection in inspections:
            for alarm in self._watch.take(inspection):
                words = alarm_words(alarm, self._watch.rules.ng_rate)
                self.call(alarm.kind, words, inspection.traveller.lot, inspection.id)

    def _recalled(self, waiting: tuple[StoredAlarm, ...]) -> None:
        known = {alarm.id for alarm in self._waiting}
        self._waiting = [*(alarm for alarm in waiting if alarm.id not in known), *self._waiting]
        if waiting:
            self._tell()

    def _tell(self) -> None:
        if self._waiting and not self._timer.isActive():
            self._timer.start()
        elif not self._waiting:
            self._timer.stop()
        self.changed.emit()

    def _sound(self) -> None:
        self._sounds.alarm()
