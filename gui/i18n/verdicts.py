"""A verdict in words, the same on every page: an unknown part has no class, and no score that would mean anything."""

from __future__ import annotations

from engine.domain.inspection import Outcome, Verdict
from gui.i18n.language import number, outcome_word, translate


def unknown_word() -> str:
    """What stands under the verdict of a part that the model does not know."""
    return translate("Outcome", "UNKNOWN")


def verdict_word(verdict: Verdict) -> str:
    """The verdict as it stands in a list: `NG`, `REVIEW · UNKNOWN`."""
    word = outcome_word(verdict.outcome)
    return f"{word} · {unknown_word()}" if verdict.unknown else word


def class_word(verdict: Verdict) -> str:
    """The class of a part that is NG or REVIEW; that it is unknown where it is; else empty. Short: a list cuts it."""
    if verdict.unknown:
        return translate("Outcome", "unknown")
    return verdict.label if verdict.outcome in (Outcome.NG, Outcome.REVIEW) else ""


def score_word(verdict: Verdict) -> str:
    """The defect score; empty where there is none, and of an unknown part, where it says nothing."""
    return "" if verdict.unknown or verdict.outcome is Outcome.NO_VERDICT else number(verdict.score, 2)
