"""The columns of a list of parts, and the words in its cells."""

from __future__ import annotations

from db.inspections.paging import Stored
from engine.domain.inspection import Outcome, utc_now
from gui.i18n.language import clock, day_time, origin_word, outcome_word, translate
from gui.i18n.verdicts import class_word, score_word

PART, VERDICT, LABEL, SCORE, TIME, CORRECTED, ORIGIN = range(7)
COLUMNS = 7


def header(column: int) -> str:
    """A column's title."""
    titles = (
        translate("Review", "Part"),
        translate("Review", "Verdict"),
        translate("Review", "Class"),
        translate("Review", "Score"),
        translate("Review", "Time"),
        translate("Review", "You said"),
        translate("Review", "Judged for"),
    )
    return titles[column]


def cell_text(stored: Stored, column: int) -> str:
    """What a cell says, in words."""
    verdict, override = stored.inspection.verdict, stored.override
    if column == VERDICT:
        return outcome_word(verdict.outcome)
    if column == LABEL:
        return class_word(verdict)
    if column == SCORE:
        return score_word(verdict) or "–"
    if column == TIME:
        at = stored.inspection.times.inspected_at.astimezone()
        return clock(at) if at.date() == utc_now().astimezone().date() else day_time(at)
    if column == ORIGIN:
        return origin_word(stored.inspection.traveller.origin)
    if column == CORRECTED and override is not None:
        named = override.outcome is Outcome.NG and override.label
        return override.label if named else outcome_word(override.outcome)
    return ""


def cell_outcome(stored: Stored, column: int) -> Outcome | None:
    """The verdict a cell draws as a mark: the model's, or the inspector's."""
    if column == VERDICT:
        return stored.inspection.verdict.outcome
    if column == CORRECTED and stored.override is not None:
        return stored.override.outcome
    return None
