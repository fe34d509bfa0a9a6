"""The results of a scan as files: CSV, Excel, JSON lines, HTML and PDF. No widgets; everything here blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from db.images.archive import Archive
from db.inspections.table import get
from db.store.session import Database
from engine.domain.inspection import Box, Inspection, Outcome
from engine.errors import LinesideError
from engine.images.depth import shown
from engine.images.listing import LeftOut, counts
from engine.reports.account import left_out_lines
from engine.reports.csv_tables import csv_bytes
from engine.reports.run import ReportEntry, Tally, gallery_picture, html_of, json_line
from engine.reports.workbook import Cell, Sheet, write_workbook
from engine.sources.files.folder import FolderSource
from engine.statistics.shares import Share
from engine.system.files import write_atomically
from engine.system.zone import zone_words
from gui.i18n.language import day_time, number, outcome_word, percent, table_spelling, translate
from gui.pages.scan.left_out import left_out_word, left_out_words
from gui.pages.scan.results.paper import paper_of
from gui.pages.scan.results.summary import Summary, unknown_words, worst_first
from gui.pages.scan.rows import ScanRow
from gui.printing.pdf import write_pdf
from gui.widgets.pictures.thumbnails import load_pixels

Kind = Literal["csv", "xlsx", "jsonl", "html", "pdf"]
COLUMNS = (
    *("path", "folder_label", "verdict", "label", "score", "reasons", "regions", "model", "recipe", "milliseconds"),
    *("time", "station", "operator", "unknown"),
)
PICTURES = 60
"""In a report, the worst first."""
Report = Callable[[int, int], bool]
"""Told how many pictures of how many are drawn; False = stop."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """All that an export needs of a scan. `heat_box`: what of a frame its heat map covers, `mapped`: known."""

    rows: tuple[ScanRow, ...]
    root: Path
    named: str
    """Model and recipe in words."""
    classes: tuple[str, ...]
    ok: tuple[str, ...]
    summary: Summary
    at: datetime
    language: str = "en"
    mapped: bool = False
    heat_box: Box | None = None
    pictures: tuple[Database, Archive] | None = field(default=None, repr=False)
    left_out: tuple[LeftOut, ...] = ()
    """What the folder holds besides its pictures."""


def write(kind: Kind, path: Path, result: ScanResult, report: Report = lambda _done, _of: True) -> bool:
    """Write one file, complete or not at all; False when `report` stopped it. Raises StorageError."""
    if kind == "csv":
        write_csv(path, result.rows, result.left_out)
    elif kind == "jsonl":
        lines = [json_line(row.inspection) for row in result.rows]
        lines += left_out_lines(result.left_out, FolderSource(result.root).uri)
        write_atomically(path, "".join(lines).encode())
    elif kind == "xlsx":
        write_workbook(path, sheets(result))
    else:
        entries = _entries(result, report)
        if entries is None:
            return False
        if kind == "html":
            write_atomically(path, _page(result, entries).encode())
        else:
            title = _title(result)
            write_pdf(paper_of(title, _paper_facts(result), result.summary.table, entries), path, title)
    return True


def write_csv(path: Path, rows: Sequence[ScanRow], left_out: Sequence[LeftOut] = ()) -> None:
    """One line a picture, then one without a verdict for each file that was left out, as a spreadsheet in the language
    in force opens it; a cell is never a formula.

    Columns: COLUMNS, then `score <class>` for each class. Raises StorageError.
    """
    classes = _classes(rows)
    header = [*COLUMNS, *(f"score {name}" for name in classes)]
    judged = (_line(row, classes) for row in rows)
    place = COLUMNS.index("reasons")
    behind = len(header) - place - 1
    others = ((name, *[""] * (place - 1), why_left, *[""] * behind) for name, why_left in _left_out(left_out))
    write_atomically(path, csv_bytes((header, *judged, *others), table_spelling()))


def sheets(result: ScanResult) -> list[Sheet]:
    """The Excel file's tables."""
    classes = _classes(result.rows)
    skipped = [row for row in result.rows if row.skipped]
    found = [
        Sheet(
            translate("Scan", "Results"),
            (*COLUMNS, *(f"score {name}" for name in classes)),
            [_line(row, classes) for row in result.rows],
        ),
        Sheet(
            translate("Scan", "Skipped"),
            ("path", "reason"),
            [*((row.inspection.frame.name, why(row)) for row in skipped), *_left_out(result.left_out)],
        ),
        Sheet(
            translate("Scan", "Summary"),
            (translate("Scan", "Figure"), translate("Scan", "Value"), translate("Scan", "Of"),
             translate("Scan", "Share"), translate("Scan", "From"), translate("Scan", "To")),
            list(_figures(result)),
        ),
    ]  # fmt: skip
    table = result.summary.table
    if table is not None:
        rows: list[Sequence[Cell]] = [(name, *counts) for name, counts in zip(table.rows, table.counts, strict=True)]
        header = (f"{table.row_title} ↓ {table.column_title} →", *table.columns)
        found.append(Sheet(translate("Scan", "Confusion"), header, rows))
    return found


def _left_out(left_out: Sequence[LeftOut]) -> list[tuple[str, str]]:
    return [(left.name, left_out_word(left.why)) for left in left_out]


def why(row: ScanRow) -> str:
    """Why a file was skipped."""
    return "; ".join(row.inspection.verdict.reasons)


def shares(summary: Summary) -> list[tuple[str, Share]]:
    """Agreement, escapes, overkill, and what is left to a person; empty without folder labels."""
    if not summary.agreed.of:
        return []
    return [
        (translate("Scan", "As the folders say"), summary.agreed),
        (translate("Scan", "Escapes"), summary.mistakes.escapes),
        (translate("Scan", "Overkill"), summary.mistakes.overkill),
        (translate("Scan", "Sent to REVIEW"), summary.review),
        (translate("Scan", "Given no verdict"), summary.no_verdict),
    ]


def _figures(result: ScanResult) -> Iterator[tuple[Cell, ...]]:
    yield (translate("Scan", "Folder"), str(result.root))
    yield (translate("Scan", "Model and recipe"), result.named)
    yield (translate("Scan", "Written"), result.at)
    yield (translate("Scan", "Time zone"), _zone(result))
    yield (translate("Scan", "Pictures"), len(result.rows))
    for outcome, count in result.summary.outcomes.items():
        yield _counted(outcome_word(outcome), Share(count, len(result.rows)))
    yield _counted(translate("Scan", "Unknown to the model"), result.summary.unknown)
    yield (translate("Scan", "Skipped"), sum(row.skipped for row in result.rows))
    yield (translate("Scan", "Left out"), len(result.left_out))
    for reason, count in counts(result.left_out).items():
        yield (left_out_word(reason), count, len(result.left_out))
    for name, share in shares(result.summary):
        yield _counted(name, share)


def _counted(name: str, share: Share) -> tuple[Cell, ...]:
    return (name, share.count, share.of, *((share.rate, *share.interval) if share.of else ()))


def _classes(rows: Sequence[ScanRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.inspection.scores.classes))


def _line(row: ScanRow, classes: Sequence[str]) -> list[Cell]:
    inspection = row.inspection
    verdict, scores = inspection.verdict, dict(inspection.scores)
    boxes = (f"{r.label} {r.score:.4f} at {r.box[0]} {r.box[1]} {r.box[2]} {r.box[3]}" for r in inspection.regions)
    return [
        inspection.frame.name,
        row.truth,
        str(verdict.outcome),
        verdict.label,
        # Of what was not judged there is no score, and of what the model does not know none that says anything.
        None if verdict.unknown or verdict.outcome is Outcome.NO_VERDICT else round(verdict.score, 6),
        "; ".join(verdict.reasons),
        "; ".join(boxes),
        f"{inspection.model.name} {inspection.model.version}".strip(),
        f"{inspection.recipe.name} {inspection.recipe.version}",
        round(row.took_ms, 2),
        inspection.times.inspected_at,
        inspection.traveller.station,
        inspection.traveller.operator,
        "yes" if verdict.unknown else "",
        *(round(scores[name], 6) if name in scores else None for name in classes),
    ]


# ── reports with pictures ────────────────────────────────────────────────────────────────────────────────────────
def _entries(result: ScanResult, report: Report) -> list[ReportEntry] | None:
    """Every result, the worst first and with their pictures; None when it was stopped."""
    worst = worst_first(result.rows, result.ok, result.classes)[:PICTURES]
    pictures: dict[str, bytes] = {}
    for place, row in enumerate(worst):
        if not report(place, len(worst)):
            return None
        picture = _picture(result, row.inspection)
        if picture is not None:
            pictures[row.inspection.id] = picture
    rest = (row for row in result.rows if row.inspection.id not in pictures)
    return [
        ReportEntry(row.inspection, pictures.get(row.inspection.id), row.truth, row.name)
        for row in (*(row for row in worst if row.inspection.id in pictures), *rest)
    ]


def _picture(result: ScanResult, inspection: Inspection) -> bytes | None:
    if result.pictures is None:
        return None
    db, archive = result.pictures
    try:
        stored = get(db, inspection.id)
        pixels = load_pixels(archive, stored.image if stored else None, inspection.frame.name)
        heat = archive.load_heat(stored.heat) if stored and stored.heat and result.mapped else None
    except LinesideError:
        # Moved away or replaced since: the report does without it.
        return None
    return gallery_picture(shown(pixels, inspection.frame), heat, inspection, result.heat_box)


def _title(result: ScanResult) -> str:
    return translate("Scan", "Scan of {folder}").format(folder=result.root.name or result.root)


def _facts(result: ScanResult) -> dict[str, str]:
    facts = {
        translate("Scan", "Folder"): str(result.root),
        translate("Scan", "Model and recipe"): result.named,
        translate("Scan", "Skipped"): number(sum(row.skipped for row in result.rows)),
    }
    for name, words in _who(result.rows):
        if words:
            facts[name] = words
    if result.left_out:
        facts[translate("Scan", "Not judged")] = left_out_words(result.left_out)
    return facts | {name: share_words(share) for name, share in shares(result.summary)}


def _who(rows: Sequence[ScanRow]) -> Iterator[tuple[str, str]]:
    """Where and by whom it was scanned."""
    travellers = [row.inspection.traveller for row in rows]
    yield translate("Scan", "Station"), ", ".join(sorted({t.station for t in travellers} - {""}))
    yield translate("Scan", "Operator"), ", ".join(sorted({t.operator for t in travellers} - {""}))


def _zone(result: ScanResult) -> str:
    times = [row.inspection.times.inspected_at for row in result.rows]
    return zone_words(*({min(times), max(times)} if times else {result.at}))


def share_words(share: Share) -> str:
    """A share with its count and its 95 % interval (Wilson): `2 of 40 = 5.0 % (1.4 to 16.5 %)`."""
    if not share.of:
        return translate("Scan", "none to count")
    low, high = share.interval
    words = translate("Scan", "{hits} of {of} = {share} ({low} to {high})").format(
        hits=number(share.count),
        of=number(share.of),
        share=percent(share.rate),
        low=number(100 * low, 1),
        high=percent(high),
    )
    return words.replace(" %", "\N{NO-BREAK SPACE}%")


def _page(result: ScanResult, entries: list[ReportEntry]) -> str:
    tally = Tally()
    for row in result.rows:
        tally.add(row.inspection, row.truth or None)
    words = {
        "language": result.language,
        "made": translate("Scan", "Made"),
        "inspected": translate("Scan", "judged"),
        "against": translate("Scan", "Verdict against the folder"),
        "truth": translate("Scan", "Folder says"),
        "scores": translate("Scan", "Defect scores"),
        "axis": translate("Scan", "defect score (height: square root of the count)"),
        "parts": translate("Scan", "The worst pictures"),
        "part": translate("Scan", "part"),
        "unknown": translate("Scan", "{count} of {total} are unknown to this model"),
        "unknown_part": translate("Outcome", "unknown part"),
        **{str(outcome): outcome_word(outcome) for outcome in Outcome},
    }
    return html_of(_title(result), entries, tally, _facts(result), result.at, words, PICTURES)


def _paper_facts(result: ScanResult) -> dict[str, str]:
    made = {translate("Scan", "Made"): day_time(result.at), translate("Scan", "Time zone"): _zone(result)}
    counts = {outcome_word(outcome): number(count) for outcome, count in result.summary.outcomes.items()}
    said = unknown_words(result.summary.unknown)
    unknown = {translate("Scan", "Unknown to the model"): said} if said else {}
    return unknown | made | _facts(result) | counts
