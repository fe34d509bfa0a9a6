"""What the inspector says of a part: made, taken back, stored; all of it on jobs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from db import overrides
from db.jobs import Recorder
from db.session import Database
from engine.domain import Inspection, Outcome, Override, new_id, utc_now
from gui.context import AppContext


def part_name(inspection: Inspection) -> str:
    """How a part is called on screen: its own number where it has one, else its place in the source."""
    return f"part {inspection.traveller.part or f'{inspection.frame.sequence:,}'}"


class Words(QObject):
    """Overrides of the Live page. `said` follows each one that is stored, `unsaid` each one taken back."""

    said = Signal(object)
    """Override: stored."""
    unsaid = Signal(object, object)
    """The Override that takes back, and the Override in force now (or None)."""
    nothing = Signal()
    """There was nothing to take back."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._context = context

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
        self.said.emit(made)
        self._context.overridden.emit(made.inspection_id)

    def _undone(self, result: tuple[Override, Override | None] | None) -> None:
        if result is None:
            self.nothing.emit()
            return
        self.unsaid.emit(*result)
        self._context.overridden.emit(result[0].inspection_id)


def _store(recorder: Recorder | None, db: Database, made: Override) -> Override:
    """Through the recorder where there is one: it still has the picture of an OK part."""
    return recorder.override(made) if recorder is not None else overrides.add_override(db, made)
