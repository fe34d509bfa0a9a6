"""Keeping corrections, on jobs: one, many, a comment, and the last one taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from db.inspections.comments import Comment, add_comment
from db.inspections.overrides import add_override, read_mask, undo_last
from db.inspections.paging import Stored
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.inspection import Outcome, Override, utc_now
from gui.context import AppContext
from gui.i18n.language import outcome_word, translate
from gui.jobs.jobs import Job
from gui.pages.review.word.session import Draft, ReviewSession, override_from


@dataclass(frozen=True, slots=True)
class SavedMany:
    """What a correction of several parts came to."""

    ids: tuple[str, ...]
    cancelled: bool


class Keeping(QObject):
    """Keeps what the session takes. `saved`: ids of the parts whose override changed."""

    saved = Signal(object)
    undone = Signal(str)
    """The id of the part whose last correction was taken back."""
    commented = Signal(object)
    """Ids of the parts that have a new comment."""

    def __init__(self, context: AppContext, session: ReviewSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._session = context, session

    def save(self) -> bool:
        """Keep the draft of the part on screen; False when there is nothing that could be kept."""
        taken = self._session.take(self._context.operator, utc_now())
        if taken is None:
            return False
        override, before = taken
        db, recorder = self._context.db, self._context.recorder

        def failed(error: Exception) -> None:
            self._failed({override.inspection_id}, error)

        self._context.jobs.run(lambda: keep(db, recorder, override, before), self._kept, failed)
        return True

    def save_many(self, parts: Sequence[Stored]) -> bool:
        """Say the same of several parts; asked before. False when nothing was chosen."""
        ids = {s.inspection.id for s in parts}
        draft = self._session.take_for(ids)
        if draft is None:
            return False
        db, recorder = self._context.db, self._context.recorder
        sound, operator = self._session.sound, self._context.operator

        def work(job: Job, report: Callable[[int], None]) -> SavedMany:
            return keep_many(db, recorder, parts, draft, sound, operator, job, report)

        def kept(saved: SavedMany) -> None:
            self._session.kept_many(ids, saved.ids)
            self._kept_many(saved)

        self._context.jobs.stream(work, lambda _done: None, kept, lambda error: self._failed(ids, error))
        return True

    def comment(self, parts: Sequence[Stored], text: str) -> None:
        """Note the same on each of these parts."""
        ids = tuple(s.inspection.id for s in parts)
        db, who = self._context.db, self._context.operator

        def work() -> Comment:
            return add_comment(db, ids, who, text, utc_now())

        self._context.jobs.run(work, lambda _comment: self.commented.emit(ids))

    def undo(self) -> None:
        """Take this operator's last saved override back; it is appended, nothing is deleted."""
        db, operator = self._context.db, self._context.operator
        self._context.jobs.run(lambda: undo_last(db, operator, utc_now()), self._undone)

    def _kept(self, override: Override) -> None:
        self._session.kept(override)
        self._tell((override.inspection_id,))

    def _kept_many(self, kept: SavedMany) -> None:
        self._context.notify(
            "info",
            translate("Review", "The correction of %n part(s) is saved.", "", len(kept.ids)),
            translate("Review", "Ctrl+Z takes one back."),
        )
        self._tell(kept.ids)

    def _undone(self, undo: Override | None) -> None:
        if undo is None:
            self._context.notify("info", translate("Review", "There is nothing of yours to undo."))
            return
        said = f"{outcome_word(undo.outcome)} {undo.label}".strip()
        self._context.notify("info", translate("Review", "Your {said} is undone.").format(said=said))
        self._tell((undo.inspection_id,))
        self.undone.emit(undo.inspection_id)

    def _tell(self, ids: tuple[str, ...]) -> None:
        for id in ids:
            self._context.overridden.emit(id)
        self.saved.emit(ids)

    def _failed(self, ids: set[str], error: Exception) -> None:
        self._session.failed(ids)
        self._context.jobs.failed.emit(error)


def keep(db: Database, recorder: Recorder | None, override: Override, before: Override | None = None) -> Override:
    """Append one override; a picture that only the live recorder still has is archived first. Raises StorageError.

    `before`: the override in force so far, when its painted mask is to be kept.
    """
    if before is not None and override.outcome is Outcome.NG and override.mask is None:
        override = replace(override, mask=read_mask(db, before))
    return recorder.override(override) if recorder is not None else add_override(db, override)


def keep_many(
    db: Database,
    recorder: Recorder | None,
    parts: Sequence[Stored],
    draft: Draft,
    sound: str,
    operator: str,
    job: Job,
    report: Callable[[int], None],
) -> SavedMany:
    """The same correction for each part, one after the other; `report` gets how many are done.

    Paint and regions belong to one part: only outcome, class and reason are taken, a mask painted before stays.
    """
    done: list[str] = []
    for stored in parts:
        if job.cancelled:
            return SavedMany(tuple(done), True)
        plain = Draft(draft.outcome, draft.label, draft.why)
        keep(db, recorder, override_from(plain, stored, sound, operator, utc_now()), stored.override)
        done.append(stored.inspection.id)
        report(len(done))
    return SavedMany(tuple(done), False)
