"""HTML (Jinja2, one file, pictures inline) and CSV from inspections; needs no torch and no Qt."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, HeatMap, Inspection, Outcome, Pixels, as_plain
from engine.images.listing import LeftOut, reason_words
from engine.images.overlay import draw_contours, render
from engine.reports.csv_tables import PLAIN, Cell, Spelling, csv_bytes
from engine.system.files import write_atomically
from engine.system.late import Late
from engine.system.places import resources_folder
from engine.system.zone import local_words

if TYPE_CHECKING:
    import jinja2
else:
    jinja2 = Late("jinja2")

GALLERY = 24
PICTURE_WIDTH = 480
COLUMNS = (
    "time",
    "path",
    "source",
    "sequence",
    "verdict",
    "label",
    "score",
    "regions",
    "reason",
    "model",
    "recipe",
    "truth",
    "unknown",
)
WORDS: Mapping[str, str] = {
    "language": "en",
    "made": "Made",
    "inspected": "inspected",
    "against": "Verdict against the known truth",
    "truth": "Truth",
    "scores": "Defect scores",
    "axis": "defect score (height: square root of the count)",
    "parts": "NG, REVIEW and NO VERDICT parts",
    "part": "part",
    "unknown": "{count} of {total} are unknown to this model",
    "unknown_part": "unknown part",
    **{str(outcome): str(outcome) for outcome in Outcome},
}
"""What the report says by itself, by key; a window in another language gives its own."""


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """One inspection as the report shows it; `picture` is JPEG bytes, only for the gallery."""

    inspection: Inspection
    picture: bytes | None = None
    truth: str = ""
    """What is known of the part where the frame does not say it: its folder's name."""
    name: str = ""
    """What the picture is called in the report; empty = its number."""


@dataclass(slots=True)
class Tally:
    """Counts of a run, and of verdicts against the known truth (`ok` or a defect's name) where there is one."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    against_truth: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    unknown: int = 0
    """Of these, parts that the model does not know."""

    def add(self, inspection: Inspection, truth: str | None = None) -> None:
        """Count one; `truth` defaults to what the frame knows."""
        outcome = inspection.verdict.outcome
        self.outcomes[outcome] += 1
        self.unknown += inspection.verdict.unknown
        known = truth or inspection.frame.truth
        if known:
            self.against_truth[known, outcome] += 1

    @property
    def total(self) -> int:
        """All inspections."""
        return sum(self.outcomes.values())

    @property
    def truths(self) -> list[str]:
        """The known classes met, in alphabetical order."""
        return sorted({truth for truth, _ in self.against_truth})

    def row(self, truth: str) -> list[int]:
        """OK, NG, REVIEW, NO VERDICT counts of one known class."""
        return [self.against_truth[truth, outcome] for outcome in Outcome]


def gallery_picture(pixels: Pixels, heat: HeatMap | None, inspection: Inspection, heat_box: Box | None = None) -> bytes:
    """A small JPEG of a part with heat (over `heat_box`, or all of it) and contours, for a report.

    Of a part that the model does not know the picture alone.
    """
    heat = None if inspection.verdict.unknown else heat
    drawn = draw_contours(render(pixels, heat, (), "heat", roi=heat_box), inspection.marks)
    height = max(1, round(drawn.shape[0] * PICTURE_WIDTH / drawn.shape[1]))
    small: NDArray[Any] = np.asarray(cv2.resize(drawn, (PICTURE_WIDTH, height), interpolation=cv2.INTER_AREA))
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 82])[1])


def write_report(
    folder: Path,
    title: str,
    entries: Sequence[ReportEntry],
    tally: Tally,
    facts: dict[str, str],
    made_at: datetime,
    left_out: Sequence[LeftOut] = (),
    spelling: Spelling = PLAIN,
) -> Path:
    """Write report.html and inspections.csv into `folder`; returns the HTML's path. `left_out`: what lay in the
    folder and was not judged, for the CSV; `facts` tell of it in the page. Raises StorageError."""
    page = folder / "report.html"
    write_atomically(page, html_of(title, entries, tally, facts, made_at).encode())
    write_atomically(folder / "inspections.csv", csv_of([e.inspection for e in entries], left_out, spelling))
    return page


def html_of(
    title: str,
    entries: Sequence[ReportEntry],
    tally: Tally,
    facts: Mapping[str, str],
    made_at: datetime,
    words: Mapping[str, str] = WORDS,
    gallery: int = GALLERY,
) -> str:
    """The report as one HTML page, pictures inline: the first `gallery` entries that have one. `words` as in WORDS."""
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(resources_folder() / "templates"), autoescape=True)
    verdicts = [e.inspection.verdict for e in entries]
    scores = [v.score for v in verdicts if not v.unknown and v.outcome is not Outcome.NO_VERDICT]
    pictured = [e for e in entries if e.picture][:gallery]
    return templates.get_template("report.html.j2").render(
        title=title,
        facts=facts,
        made=local_words(made_at),
        outcomes=list(Outcome),
        tally=tally,
        words=words,
        histogram=_histogram(scores),
        gallery=[
            {
                "inspection": e.inspection,
                "truth": e.truth or e.inspection.frame.truth,
                "name": e.name,
                "src": base64.b64encode(e.picture or b"").decode(),
            }
            for e in pictured
        ],
    )


def json_line(inspection: Inspection) -> str:
    """The stable line of one inspection (docs/jsonl.md), with its end of line."""
    return json.dumps(as_plain(inspection), ensure_ascii=False) + "\n"


def csv_of(inspections: Sequence[Inspection], left_out: Sequence[LeftOut] = (), spelling: Spelling = PLAIN) -> bytes:
    """One line an inspection, and behind them one without a verdict for each file that was left out; UTF-8 with a
    byte-order mark so that Excel reads it."""
    return csv_bytes((COLUMNS, *map(_line, inspections), *map(_unjudged, left_out)), spelling)


def _line(inspection: Inspection) -> list[Cell]:
    plain, verdict = as_plain(inspection), inspection.verdict
    return [
        inspection.times.inspected_at.astimezone().isoformat(timespec="milliseconds"),
        *(plain[key] for key in ("path", "source", "sequence", "verdict", "label")),
        # Of what was not judged there is no score, and of what the model does not know none that says anything.
        None if verdict.unknown or verdict.outcome is Outcome.NO_VERDICT else plain["score"],
        len(inspection.regions),
        "; ".join(verdict.reasons),
        plain["model"],
        plain["recipe"],
        inspection.frame.truth or "",
        "yes" if verdict.unknown else "",
    ]


def _unjudged(left: LeftOut) -> list[Cell]:
    return ["", left.name, *[""] * 6, f"left out: {reason_words(left.why, 1)}", "", "", "", ""]


def _histogram(scores: Sequence[float]) -> list[dict[str, float]]:
    """Twenty bars of the defect score, heights 0…1 on a square-root scale so that rare scores stay visible."""
    counts, edges = np.histogram(np.asarray(scores, np.float64), bins=20, range=(0.0, 1.0))
    top = max(1, int(counts.max(initial=0)))
    return [{"from": float(edges[i]), "count": int(n), "height": float(np.sqrt(n / top))} for i, n in enumerate(counts)]
