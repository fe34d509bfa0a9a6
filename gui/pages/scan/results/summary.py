"""What a scan says in figures: counts, folder labels against verdicts. No widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.domain.inspection import Outcome
from engine.statistics.metrics import confusion_matrix
from engine.statistics.mistakes import Mistakes, is_escape, is_overkill
from engine.statistics.shares import NOTHING, Share
from gui.i18n.language import outcome_word, translate
from gui.pages.scan.rows import ScanRow
from gui.widgets.charts.confusion import CountTable, square_table


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a scan. `agreed`: of the pictures whose folder names a class, those that have that class."""

    outcomes: dict[Outcome, int]
    table: CountTable | None = None
    agreed: Share = NOTHING
    mistakes: Mistakes = field(default_factory=Mistakes)
    """Of the pictures that were judged."""


def summarise(rows: Sequence[ScanRow], classes: Sequence[str], ok: Sequence[str]) -> Summary:
    """The figures of a scan by a model with these `classes`, of which `ok` are sound.

    Sub-folders count as labels only when at least one is named like a class of the model; then kinds that the model
    does not know count as defects. Otherwise the table is sub-folder against verdict, and nothing is right or wrong.
    """
    outcomes = Counter(row.inspection.verdict.outcome for row in rows)
    counts = {o: outcomes.get(o, 0) for o in Outcome}
    pairs = [(r.truth, r) for r in rows if r.truth and r.inspection.verdict.outcome is not Outcome.NO_VERDICT]
    if not pairs:
        return Summary(counts)
    if not {t for t, _ in pairs} & set(classes):
        return Summary(counts, _by_verdict(pairs))
    labels = [row.inspection.verdict.label for _, row in pairs]
    names = list(dict.fromkeys([*classes, *sorted({t for t, _ in pairs} | set(labels))]))
    matrix = confusion_matrix([t for t, _ in pairs], labels, names)
    table = square_table(
        names, matrix.tolist(), translate("Scan", "Folder says"), column_title=translate("Scan", "Model says")
    )
    return Summary(
        counts,
        table,
        Share(int(matrix.trace()), len(pairs)),
        Mistakes.of((r.truth not in ok, r.inspection.verdict.outcome) for r in rows if r.truth).of_judged(),
    )


def worst_first(rows: Sequence[ScanRow], ok: Sequence[str], classes: Sequence[str]) -> list[ScanRow]:
    """What was not OK or differs from its folder: escapes, overkill, wrong classes, then NG and REVIEW by score."""
    known = any(row.truth in classes for row in rows)

    def rank(row: ScanRow) -> tuple[int, float]:
        outcome, score = row.inspection.verdict.outcome, row.inspection.verdict.score
        if known and row.truth and outcome is not Outcome.NO_VERDICT:
            if is_escape(outcome, defective=row.truth not in ok):
                return 0, score
            if is_overkill(outcome, defective=row.truth not in ok):
                return 1, -score
            if row.differs and outcome is not Outcome.REVIEW:
                return 2, -score
        order = {Outcome.NG: 3, Outcome.REVIEW: 4, Outcome.NO_VERDICT: 5, Outcome.OK: 6}
        return order[outcome], -score

    ranked = sorted(((rank(row), place, row) for place, row in enumerate(rows) if not row.skipped), key=lambda r: r[:2])
    return [row for (kind, _), _, row in ranked if kind < 6]


def _by_verdict(pairs: Sequence[tuple[str, ScanRow]]) -> CountTable:
    folders = tuple(sorted({t for t, _ in pairs}))
    columns = (Outcome.OK, Outcome.NG, Outcome.REVIEW)
    found = Counter((t, row.inspection.verdict.outcome) for t, row in pairs)
    counts = tuple(tuple(found.get((f, o), 0) for o in columns) for f in folders)
    return CountTable(
        folders,
        tuple(outcome_word(o) for o in columns),
        counts,
        frozenset(),
        translate("Scan", "Sub-folder"),
        translate("Scan", "Verdict"),
    )
