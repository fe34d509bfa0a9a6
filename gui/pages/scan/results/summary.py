"""What a scan says in figures: counts, folder labels against verdicts. No widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.domain.inspection import Outcome
from engine.domain.sound_names import Said
from engine.statistics.metrics import confusion_matrix
from engine.statistics.mistakes import Mistakes, is_escape, is_overkill
from engine.statistics.shares import NOTHING, Share
from engine.verdicts.verdict import SOUND
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

    Sub-folders count as labels only when at least one is named like a class of the model, or says sound or defective
    by its name; then kinds that the model does not know count as defects. Otherwise the table is sub-folder against
    verdict, and nothing is right or wrong.
    """
    outcomes = Counter(row.inspection.verdict.outcome for row in rows)
    counts = {o: outcomes.get(o, 0) for o in Outcome}
    pairs = [(r.truth, r) for r in rows if r.truth and r.inspection.verdict.outcome is not Outcome.NO_VERDICT]
    if not pairs:
        return Summary(counts)
    if not _tell(rows, classes):
        return Summary(counts, _by_verdict(pairs))
    labels = [row.inspection.verdict.label for _, row in pairs]
    truths = [_as_class(row, classes, ok) for _, row in pairs]
    names = list(dict.fromkeys([*classes, *sorted({*truths, *labels})]))
    matrix = confusion_matrix(truths, labels, names)
    table = square_table(
        names, matrix.tolist(), translate("Scan", "Folder says"), column_title=translate("Scan", "Model says")
    )
    return Summary(
        counts,
        table,
        Share(sum(not row.differs for _, row in pairs), len(pairs)),
        Mistakes.of((not r.sound(classes, ok), r.inspection.verdict.outcome) for r in rows if r.truth).of_judged(),
    )


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
