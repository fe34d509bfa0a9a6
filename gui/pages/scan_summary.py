"""What a finished scan says in figures: counts, folder labels against verdicts, and the CSV file. No widgets."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.domain import Inspection, Outcome
from engine.metrics import confusion_matrix
from engine.settings import write_atomically
from gui.tables.confusion import CountTable, square_table

COLUMNS = ("path", "folder_label", "verdict", "label", "score", "reasons", "regions", "model", "recipe", "milliseconds")


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a scan. `agreed` of `named` pictures whose folder names a class have that class."""

    outcomes: dict[Outcome, int]
    table: CountTable | None
    agreed: int
    named: int
    escapes: int
    overkill: int


def folder_label(inspection: Inspection, root: Path) -> str:
    """The first sub-folder a picture lies in; empty for pictures directly in the scanned folder."""
    try:
        parts = Path(inspection.frame.name).relative_to(root).parts
    except ValueError:
        return ""
    return parts[0] if len(parts) > 1 else ""


def short_name(inspection: Inspection, root: Path) -> str:
    """The picture's path below the scanned folder."""
    try:
        return Path(inspection.frame.name).relative_to(root).as_posix()
    except ValueError:
        return inspection.frame.name


def summarise(inspections: Sequence[Inspection], root: Path, classes: Sequence[str], ok: Sequence[str]) -> Summary:
    """The figures of a scan by a model with these `classes`, of which `ok` are sound.

    Sub-folders count as labels only when at least one is named like a class of the model; then kinds that the model
    does not know count as defects. Otherwise the table is sub-folder against verdict, and nothing is right or wrong.
    """
    outcomes = Counter(i.verdict.outcome for i in inspections)
    judged = [i for i in inspections if i.verdict.outcome is not Outcome.NO_VERDICT]
    truths = [folder_label(i, root) for i in judged]
    pairs = [(t, i) for t, i in zip(truths, judged, strict=True) if t]
    counts = {o: outcomes.get(o, 0) for o in Outcome}
    if not pairs:
        return Summary(counts, None, 0, 0, 0, 0)
    if not {t for t, _ in pairs} & set(classes):
        return Summary(counts, _by_verdict(pairs), 0, 0, 0, 0)
    labels = [i.verdict.label for _, i in pairs]
    names = list(dict.fromkeys([*classes, *sorted({t for t, _ in pairs} | set(labels))]))
    matrix = confusion_matrix([t for t, _ in pairs], labels, names)
    escapes = sum(t not in ok and i.verdict.outcome is Outcome.OK for t, i in pairs)
    overkill = sum(t in ok and i.verdict.outcome is Outcome.NG for t, i in pairs)
    table = square_table(names, matrix.tolist(), "Folder says")
    return Summary(counts, table, int(matrix.trace()), len(pairs), escapes, overkill)


def write_csv(path: Path, inspections: Sequence[Inspection], root: Path) -> int:
    """All results, one line a picture, UTF-8 with a byte-order mark (Excel needs it). Returns the number of lines.

    Columns: COLUMNS, then `score <class>` for each class. Raises StorageError. Blocking.
    """
    classes = list(dict.fromkeys(name for i in inspections for name in i.scores.classes))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*COLUMNS, *(f"score {name}" for name in classes)])
    for inspection in inspections:
        writer.writerow([_safe(cell) for cell in _line(inspection, root, classes)])
    write_atomically(path, out.getvalue().encode("utf-8-sig"))
    return len(inspections)


def _line(inspection: Inspection, root: Path, classes: Sequence[str]) -> list[str]:
    verdict, times = inspection.verdict, inspection.times
    scores = dict(inspection.scores)
    boxes = (f"{r.label} {r.score:.4f} at {r.box[0]} {r.box[1]} {r.box[2]} {r.box[3]}" for r in inspection.regions)
    return [
        inspection.frame.name,
        folder_label(inspection, root),
        str(verdict.outcome),
        verdict.label,
        f"{verdict.score:.6f}",
        "; ".join(verdict.reasons),
        "; ".join(boxes),
        f"{inspection.model.name} {inspection.model.version}".strip(),
        f"{inspection.recipe.name} {inspection.recipe.version}",
        f"{times.prepare_ms + times.infer_ms:.2f}",
        *(f"{scores[name]:.6f}" if name in scores else "" for name in classes),
    ]


def _safe(cell: str) -> str:
    """A file name that begins like a formula must not become one in a spreadsheet."""
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t") else cell


def _by_verdict(pairs: Sequence[tuple[str, Inspection]]) -> CountTable:
    folders = tuple(sorted({t for t, _ in pairs}))
    columns = (Outcome.OK, Outcome.NG, Outcome.REVIEW)
    found = Counter((t, i.verdict.outcome) for t, i in pairs)
    counts = tuple(tuple(found.get((f, o), 0) for o in columns) for f in folders)
    return CountTable(folders, tuple(map(str, columns)), counts, frozenset(), "Sub-folder", "Verdict")
