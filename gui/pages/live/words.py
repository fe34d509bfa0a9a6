"""What the inspector says of a part: made, taken back, stored; all of it on jobs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from db.inspections import overrides
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.inspection import Inspection, Outcome, Override, new_id, utc_now
from gui.context import AppContext
from gui.i18n.language import outcome_word, translate

KEPT = 64


def word_of(said: Override) -> str:
    """What the inspector said, in words: `You say NG: scratch`."""
    text = translate("Live", "You say {verdict}").format(verdict=outcome_word(said.outcome))
    return f"{text}: {said.label}" if said.outcome is Outcome.NG and said.label else text


class LiveWords(QObject):
    """Overrides of the Live page. `said` follows each one that is stored, `unsaid` each one taken back."""

    said = Signal(object)
    """Override: stored."""
    unsaid = Signal(object, object)
    """The Override that takes back, and the Override in force now (or None)."""
    nothing = Signal()
    """There was nothing to take back."""

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._in_force: dict[str, Override] = {}

    def note_of(self, inspection_id: str) -> str:
        """What was said of this part, in words; empty where nothing was said that is known here."""
        said = self._in_force.get(inspection_id)
        return word_of(said) if said else ""

    def know(self, said: Override) -> None:
        """An override that is in force; of the last 64 it is remembered."""
        self._in_force.pop(said.inspection_id, None)
        self._in_force[said.inspection_id] = said
        while len(self._in_force) > KEPT:
            self._in_force.pop(next(iter(self._in_force)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that were said of late."""
        return tuple(o.label for o in self._in_force.values() if o.outcome is Outcome.NG and o.label)

    def say(self, inspection: Inspection, outcome: Outcome, label: str) -> None:
        """Store that this part is `outcome`, of class `label`."""
        now = utc_now()
        made = Override(new_id(now), inspection.id, now, self._context.operator, outcome, label)
        recorder, db = self._context.recorder, self._context.db
        self._context.jobs.run(lambda: _store(recorder, db, made), self._done)

    def undo(self) -> None:
        """Take the operator's last word back, by appending that it is taken back."""
        db, operator = self._context.db, self._context.operator

        def work() -> tuple[Override, Override | None] | None:
            undone = overrides.undo_last(db, operator, utc_now())
            return None if undone is None else (undone, overrides.in_force(db, undone.inspection_id))

        self._context.jobs.run(work, self._undone)

    def _done(self, made: Override) -> None:
        self.know(made)
        self.said.emit(made)
        self._context.overridden.emit(made.inspection_id)

    def _undone(self, result: tuple[Override, Override | None] | None) -> None:
        if result is None:
            self.nothing.emit()
            return
        undone, now = result
        self._in_force.pop(undone.inspection_id, None)
        if now is not None:
            self.know(now)
        self.unsaid.emit(undone, now)
        self._context.overridden.emit(undone.inspection_id)


def _store(recorder: Recorder | None, db: Database, made: Override) -> Override:
    """Through the recorder where there is one: it still has the picture of an OK part."""
    return recorder.override(made) if recorder is not None else overrides.add_override(db, made)
