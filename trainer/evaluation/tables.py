"""The tables of a study's page: confusion matrix, classes, several labels, robustness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.statistics.shares import Share
from trainer.evaluation.page import Cell, Section, Table, row
from trainer.evaluation.robustness import Robustness
from trainer.evaluation.sheet import Sheet

MAX_CLASSES = 30
"""A larger confusion matrix is no picture any more; its most frequent confusions are listed instead."""
MAX_CONFUSIONS = 20
KINDS = {"sound": "good parts", "defective": "defects"}
"""What is told apart of all parts, in figures and in words."""
LOSS = 0.03
"""A larger loss of macro-F1 is marked: the published wish for light."""


def station_section(judged: dict[str, Any]) -> Section:
    """All four verdicts of both kinds, with review band and guard; what few parts are worth."""
    rows = []
    for kind, name in KINDS.items():
        counts = judged[kind]
        total = sum(counts.values())
        rows.append(row(name, *(_share_cell(count, total) for count in counts.values()), str(total)))
    said = ["With the review band and the guard that the model brings along, or those of the recipe given."]
    if judged["says_little"]:
        said.append("So few parts say little: under each count stands where the true share lies.")
    return Section("As the station judges", tuple(said), tables=(Table(("", *judged["sound"], "all"), tuple(rows)),))


def _share_cell(count: int, of: int) -> Cell:
    return Cell(str(count), below=_span(Share(count, of).interval) if of else "")


def confusion_section(confusion: dict[str, Any]) -> Section:
    """Counts, with the share of the true class under each; rows and columns that are empty are left out."""
    names: list[str] = confusion["classes"]
    matrix = np.asarray(confusion["matrix"], np.int64)
    used = np.nonzero(matrix.sum(axis=0) + matrix.sum(axis=1))[0]
    title, said = "Confusion", "Rows: what it is. Columns: what was said. Under each count its share of the row."
    if used.size > MAX_CLASSES:
        return Section(
            title, (f"The {MAX_CONFUSIONS} most frequent confusions.",), tables=(_confusions(names, matrix),)
        )
    true, given = used[matrix[used].sum(axis=1) > 0], used
    numbered = {int(k): i for i, k in enumerate(used, 1)}
    rows = []
    for k in true:
        total = int(matrix[k].sum())
        cells = [_matrix_cell(int(matrix[k, j]), total, hit=bool(k == j)) for j in given]
        rows.append(row(Cell(f"{numbered[int(k)]}  {names[k]}", chip=int(k)), *cells, str(total)))
    short = max((len(names[k]) for k in given), default=0) <= 14
    head = ("true", *(names[k] if short else str(numbered[int(k)]) for k in given), "all")
    unseen = [f"{numbered[int(k)]} {names[k]}" for k in given if matrix[k].sum() == 0 and not short]
    notes = (f"Said, but never true here: {', '.join(unseen)}.",) if unseen else ()
    return Section(title, (said,), tables=(Table(head, tuple(rows), css="matrix"),), notes=notes)


def class_table(sheet: Sheet, figures: dict[str, Any]) -> Table:
    """Precision, recall, F1 and support of each class that occurs, and how many of it were rejected."""
    rows, chips = [], {name: i for i, name in enumerate(figures["confusion"]["classes"])}
    rejected = sheet.rejected
    for name, c in figures["per_class"].items():
        at = figures["per_class_intervals"][name]
        here = np.array([t == name for t in sheet.truth], bool)
        if not c["support"] and not c["precision"] and name not in sheet.classes:
            continue
        area = figures["one_against_rest"].get(name, {})
        rows.append(
            row(
                Cell(name, chip=chips[name]),
                Cell(f"{c['precision']:.4f}", below=_span(at["precision"])),
                Cell(f"{c['recall']:.4f}", below=_span(at["recall"])),
                f"{c['f1']:.4f}",
                str(c["support"]),
                *([f"{int((rejected & here).sum())} of {int(here.sum())}"] if sheet.sound else []),
                _figure(area.get("ap")),
                _figure(area.get("auroc")),
            )
        )
    told = ("rejected",) if sheet.sound else ()
    return Table(("class", "precision", "recall", "F1", "support", *told, "AP", "AUROC"), tuple(rows))


def several_table(several: dict[str, Any]) -> Table:
    """Each class of a model of several labels against all that the pictures show."""
    rows = [
        row(
            Cell(name, chip=i),
            Cell(f"{c['precision']:.4f}", below=_span(c["precision_interval"])),
            Cell(f"{c['recall']:.4f}", below=_span(c["recall_interval"])),
            f"{c['f1']:.4f}",
            str(c["support"]),
            _figure(c["ap"]),
            _figure(c["auroc"]),
            f"{c['threshold']:.4g}",
        )
        for i, (name, c) in enumerate(several["per_class"].items())
    ]
    return Table(("class", "precision", "recall", "F1", "shown by", "AP", "AUROC", "limit"), tuple(rows))


def robustness_table(robust: Robustness) -> Table:
    """A row for each condition, the clean one first."""
    head = (
        *("condition", "accuracy", "macro-F1", "Δ macro-F1", "AP", "Δ AP", "escapes", "overkill"),
        *("guard: no verdict", "review", "escapes", "overkill"),
    )
    rows = []
    for one in robust.rows:
        f, delta = one.figures, one.delta
        lost = delta["macro_f1"] is not None and delta["macro_f1"] < -LOSS
        change = Cell("—")
        if one.interval is not None:
            low, high = one.interval
            mark = "▼ " if lost else ""
            words = f"{low:+.3f} to {high:+.3f}"
            change = Cell(f"{mark}{_signed(delta['macro_f1'])}", below=words, css="alarm" if lost else "")
        rows.append(
            row(
                Cell(one.condition.title, below=one.condition.how),
                f"{f['accuracy']:.4f}",
                _figure(f["macro_f1"]),
                change,
                _figure(f["ap"]),
                "—" if one.interval is None else _signed(delta["ap"]),
                *(f"{f[name]['count']} of {f[name]['of']}" for name in ("escapes", "overkill")),
                *(str(n) for n in one.guarded.values()),
            )
        )
    return Table(head, tuple(rows), frozenset({0}), css="robustness")


def _matrix_cell(count: int, total: int, *, hit: bool) -> Cell:
    if not count:
        return Cell("·")
    share = count / total
    # A single mistake must still be seen.
    shade = 0.10 + 0.45 * share if hit else 0.18 + 0.45 * share
    return Cell(str(count), shade, f"{100.0 * share:.1f} %", css="hit" if hit else "miss")


def _confusions(names: Sequence[str], matrix: np.ndarray[Any, np.dtype[np.int64]]) -> Table:
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong.ravel(), kind="stable")[:MAX_CONFUSIONS]
    places = [divmod(int(i), len(names)) for i in order if wrong.ravel()[i]]
    rows = [row(names[a], Cell(names[b], css="say"), f"{wrong[a, b]} of {matrix[a].sum()}") for a, b in places]
    return Table(("true", "said", "pictures"), tuple(rows))


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "—" if value is None else f"{value:+.4f}"


def _span(interval: Sequence[float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
