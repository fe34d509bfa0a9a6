"""What a scan says in figures: counts, folder labels against verdicts. No widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.domain.inspection import Outcome
from engine.domain.sound_names import Said
from engine.statistics.mistakes import Mistakes, is_escape, is_overkill
from engine.statistics.shares import NOTHING, Share
from engine.verdicts.verdict import SOUND
from gui.i18n.language import number, outcome_word, translate
from gui.pages.scan.rows import ScanRow
from gui.widgets.charts.confusion import CountTable

LEFT_TO_A_PERSON = (Outcome.REVIEW, Outcome.NO_VERDICT)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a scan. `agreed`: of the judged pictures whose folder names a class, those that were given that class
    and need nobody's help."""

    outcomes: dict[Outcome, int]
    table: CountTable | None = None
    agreed: Share = NOTHING
    mistakes: Mistakes = field(default_factory=Mistakes)
    """Of the pictures that were judged."""
    review: Share = NOTHING
    """Of all pictures whose folder names a class."""
    no_verdict: Share = NOTHING
    """Of all pictures whose folder names a class."""
    unknown: Share = NOTHING
    """To the model, of all pictures."""


def summarise(rows: Sequence[ScanRow], classes: Sequence[str], ok: Sequence[str]) -> Summary:
    """The figures of a scan by a model with these `classes`, of which `ok` are sound.

    Sub-folders count as labels only when at least one is named like a class of the model, or says sound or defective
    by its name; then kinds that the model does not know count as defects. Otherwise the table is sub-folder against
    verdict, and nothing is right or wrong.
    """
    outcomes = Counter(row.inspection.verdict.outcome for row in rows)
    counts = {o: outcomes.get(o, 0) for o in Outcome}
    unknown = Share(sum(row.inspection.verdict.unknown for row in rows), len(rows))
    labelled = [row for row in rows if row.truth]
    if not labelled:
        return Summary(counts, unknown=unknown)
    if not _tell(rows, classes):
        return Summary(counts, _by_verdict(labelled), unknown=unknown)
    judged = [row for row in labelled if row.inspection.verdict.outcome is not Outcome.NO_VERDICT]
    agreed = sum(not row.differs and row.inspection.verdict.outcome is not Outcome.REVIEW for row in judged)
    known = Mistakes.of((not row.sound(classes, ok), row.inspection.verdict.outcome) for row in labelled)
    return Summary(
        counts,
        _by_class(labelled, classes, ok),
        Share(agreed, len(judged)),
        known.of_judged(),
        known.review,
        known.no_verdict,
        unknown,
    )


def unknown_words(unknown: Share) -> str:
    """That so many of the parts are none the model was taught; empty where it knows them all."""
    if not unknown.count:
        return ""
    said = translate("Scan", "{count} of {total} are unknown to this model")
    return said.format(count=number(unknown.count), total=number(unknown.of))


def worst_first(rows: Sequence[ScanRow], ok: Sequence[str], classes: Sequence[str]) -> list[ScanRow]:
    """What was not OK or differs from its folder: escapes, overkill, wrong classes, then NG and REVIEW by score."""
    known = _tell(rows, classes)

    def rank(row: ScanRow) -> tuple[int, float]:
        outcome, score = row.inspection.verdict.outcome, row.inspection.verdict.score
        if known and row.truth and outcome is not Outcome.NO_VERDICT:
            defective = not row.sound(classes, ok)
            if is_escape(outcome, defective=defective):
                return 0, score
            if is_overkill(outcome, defective=defective):
                return 1, -score
            if row.differs and outcome is not Outcome.REVIEW:
                return 2, -score
        order = {Outcome.NG: 3, Outcome.REVIEW: 4, Outcome.NO_VERDICT: 5, Outcome.OK: 6}
        return order[outcome], -score

    ranked = sorted(((rank(row), place, row) for place, row in enumerate(rows) if not row.skipped), key=lambda r: r[:2])
    return [row for (kind, _), _, row in ranked if kind < 6]


def _tell(rows: Sequence[ScanRow], classes: Sequence[str]) -> bool:
    """Whether the sub-folders say what their parts are."""
    return any(row.truth in classes or row.said is not Said.NOTHING for row in rows)


def _as_class(row: ScanRow, classes: Sequence[str], ok: Sequence[str]) -> str:
    """A folder that only says sound or defective is the model's class of that kind, where it has no more than one."""
    if row.said is Said.NOTHING or (row.truth in classes and not row.told):
        return row.truth
    kinds = (ok or [SOUND]) if row.said is Said.SOUND else [name for name in classes if name not in ok]
    return kinds[0] if len(kinds) == 1 else row.truth


def _by_class(rows: Sequence[ScanRow], classes: Sequence[str], ok: Sequence[str]) -> CountTable:
    """The folder's class against the model's, where that is a verdict, and what was left to a person."""
    truths = [_as_class(row, classes, ok) for row in rows]
    verdicts = [row.inspection.verdict for row in rows]
    decided = Counter((t, v.label) for t, v in zip(truths, verdicts, strict=True) if v.outcome not in LEFT_TO_A_PERSON)
    left = Counter((t, v.outcome) for t, v in zip(truths, verdicts, strict=True))
    labels = {label for _, label in decided}
    order = list(dict.fromkeys([*classes, *sorted({*truths, *labels})]))
    names, columns = [n for n in order if n in truths], [n for n in order if n in truths or n in labels]
    return CountTable(
        tuple(names),
        (*columns, *map(outcome_word, LEFT_TO_A_PERSON)),
        tuple((*(decided[n, c] for c in columns), *(left[n, o] for o in LEFT_TO_A_PERSON)) for n in names),
        frozenset((i, columns.index(name)) for i, name in enumerate(names)),
        translate("Scan", "Folder says"),
        translate("Scan", "Station says"),
        aside=len(LEFT_TO_A_PERSON),
    )


def _by_verdict(rows: Sequence[ScanRow]) -> CountTable:
    folders = tuple(sorted({row.truth for row in rows}))
    found = Counter((row.truth, row.inspection.verdict.outcome) for row in rows)
    return CountTable(
        folders,
        tuple(map(outcome_word, Outcome)),
        tuple(tuple(found[folder, outcome] for outcome in Outcome) for folder in folders),
        frozenset(),
        translate("Scan", "Sub-folder"),
        translate("Scan", "Verdict"),
    )
