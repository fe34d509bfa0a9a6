"""A scan's report on paper: what was counted, the matrix, and the worst pictures, each with all that is said of it.

In what QTextDocument draws: tables and pictures, no style of its own but sizes.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from engine.domain.inspection import Inspection
from engine.reports.run import ReportEntry
from gui.i18n.language import day_time, number, outcome_word, translate
from gui.i18n.messages import translated
from gui.i18n.verdicts import class_word, score_word
from gui.printing.gallery import in_pages
from gui.widgets.charts.confusion import CountTable

BOX = (272, 164)
"""Width and height that a picture may have, in pixels of 1/96 inch."""


def paper_of(title: str, facts: Mapping[str, str], table: CountTable | None, entries: Sequence[ReportEntry]) -> str:
    """The whole report; of the entries those with a picture, in their order."""
    text = html.escape
    parts = [f"<h1>{text(title)}</h1><table cellpadding='3'>"]
    parts += [f"<tr><td><b>{text(key)}</b></td><td>{text(value)}</td></tr>" for key, value in facts.items()]
    parts.append("</table>")
    if table is not None:
        parts.append(_matrix(table))
    pictured = [_block(entry) for entry in entries if entry.picture]
    return "".join(parts) + in_pages(text(translate("Scan", "The worst pictures")), pictured)


def _matrix(table: CountTable) -> str:
    text = html.escape
    head = "".join(f"<th align='right'>{text(name)}</th>" for name in table.columns)
    rows = [f"<tr><th></th>{head}</tr>"]
    for name, counts in zip(table.rows, table.counts, strict=True):
        cells = "".join(f"<td align='right'>{number(count) if count else '·'}</td>" for count in counts)
        rows.append(f"<tr><td>{text(name)}</td>{cells}</tr>")
    heading = f"<h2>{text(table.row_title)} ↓ {text(table.column_title)} →</h2>"
    return f"{heading}<table border='1' cellspacing='0' cellpadding='4'>{''.join(rows)}</table>"


def _block(entry: ReportEntry) -> str:
    """A picture, and beside it what was said of the part."""
    picture = entry.picture or b""
    data = base64.b64encode(picture).decode()
    width, height = _fitted(picture)
    return (
        f"<table cellspacing='0' cellpadding='4' width='100%'><tr><td valign='top' width='{BOX[0] + 16}'>"
        f"<img width='{width}' height='{height}' src='data:image/jpeg;base64,{data}'></td>"
        f"<td valign='top'>{_caption(entry)}</td></tr></table>"
    )


def _caption(entry: ReportEntry) -> str:
    inspection = entry.inspection
    verdict = inspection.verdict
    label = class_word(verdict) or verdict.label
    said = html.escape(" ".join(part for part in (label, score_word(verdict)) if part))
    # Broken after slashes and underscores: the text engine breaks no long name by itself.
    name = html.escape(entry.name).replace("/", "/&#8203;").replace("_", "_&#8203;")
    lines = [f"<b>{outcome_word(verdict.outcome)}</b> {said}", f"<small>{name}</small>"]
    if entry.truth:
        lines.append(f"{html.escape(translate('Scan', 'Folder says'))}: {html.escape(entry.truth)}")
    lines += [html.escape(translated(reason)) for reason in verdict.reasons]
    lines.append(f"<small>{html.escape(_where(inspection))}</small>")
    return "<br>".join(lines)


def _where(inspection: Inspection) -> str:
    """When, where and by whom."""
    traveller = inspection.traveller
    named = (
        (translate("Scan", "Station"), traveller.station),
        (translate("Scan", "Operator"), traveller.operator),
        (translate("Scan", "Lot"), traveller.lot),
    )
    words = [day_time(inspection.times.inspected_at, seconds=True)]
    return " · ".join([*words, *(f"{name}: {value}" for name, value in named if value)])


def _fitted(jpeg: bytes) -> tuple[int, int]:
    """The picture's size inside BOX."""
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    high, wide = (BOX[1], BOX[0]) if pixels is None else pixels.shape[:2]
    scale = min(BOX[0] / wide, BOX[1] / high)
    return max(1, round(wide * scale)), max(1, round(high * scale))
