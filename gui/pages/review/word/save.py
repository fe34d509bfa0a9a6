"""Keeping corrections: one, many, and the last one taken back. Each is a blocking function for a job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from db.inspections.overrides import add_override, read_mask
from db.inspections.paging import Stored
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.inspection import Outcome, Override, utc_now
from gui.jobs.jobs import Job
from gui.pages.review.word.draft import Draft, override_from


@dataclass(frozen=True, slots=True)
class SavedMany:
    """What a correction of several parts came to."""

    ids: tuple[str, ...]
    cancelled: bool


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
