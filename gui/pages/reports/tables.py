"""The tables of a report, the same on screen, on paper and in files."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from db.statistics.figures import Group
from engine.domain.inspection import Outcome
from engine.reports.quality import Column, Table
from engine.reports.workbook import Cell
from engine.statistics.buckets import Grouping
from engine.statistics.control_charts import ControlChart
from gui.i18n.language import number, outcome_word, percent, translate
from gui.pages.reports.figures import Figures
from gui.pages.reports.words import (
    View,
    between,
    clock_words,
    group_name,
    group_title,
    how,
    shown,
    timed,
    view_word,
)

ZONES = (4, 3)
"""Across and down: the zones of the table of positions."""


def table_of(view: View, figures: Figures) -> Table:
    """The table of one view; without rows where nothing is counted yet."""
    columns, rows = _MAKERS[view](figures)
    return Table(view, view_word(view), columns, rows, how_of(view, figures))


def how_of(view: View, figures: Figures) -> str:
    """How its figures are computed, and whose clock its times are."""
    if not timed(figures.ask.grouping) or view not in ("yield", "control"):
        return how(view)
    return f"{how(view)} {clock_words(figures.ask.scope.since, figures.ask.scope.until)}"


def said_of(view: View, figures: Figures) -> tuple[tuple[str, str], ...]:
    """The few figures that are read first: name and value."""
    return _SAID[view](figures)


_Rows = tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]


def _head(figures: Figures) -> Column:
    grouping = figures.ask.grouping
    return Column(group_title(grouping), "time" if timed(grouping) else "text")


def _name(group: Group, figures: Figures) -> Cell:
    """A group by its name, or by its first moment: a spreadsheet is to sort and count with it."""
    if group.span is None:
        return group_name(group, figures.ask.grouping)
    since = group.span.since
    return since.astimezone().date() if figures.ask.grouping is Grouping.DAY else since


def _yield(figures: Figures) -> _Rows:
    columns = (
        _head(figures),
        Column(translate("Reports", "Judged"), "count"),
        Column(outcome_word(Outcome.OK), "count"),
        Column(outcome_word(Outcome.NG), "count"),
        Column(outcome_word(Outcome.REVIEW), "count"),
        Column(outcome_word(Outcome.NO_VERDICT), "count"),
        Column(translate("Reports", "First-pass yield"), "share"),
        Column(translate("Reports", "Final yield"), "share"),
        Column(translate("Reports", "Overruled"), "count"),
    )
    rows = tuple(
        (_name(g, figures), g.judged, g.ok, g.ng, g.review, g.no_verdict, g.first_pass, g.final, g.disagreed)
        for g in figures.groups or ()
    )
    return columns, rows


def _defects(figures: Figures) -> _Rows:
    found = figures.defects or ()
    columns = (
        Column(translate("Reports", "Defect")),
        Column(translate("Reports", "Parts after corrections"), "count"),
        Column(translate("Reports", "Share"), "share"),
        Column(translate("Reports", "Cumulative"), "share"),
        Column(translate("Reports", "Parts by the station"), "count"),
    )
    total = sum(d.final for d in found) or math.nan
    sums = np.cumsum([d.final for d in found], dtype=np.int64)
    rows = tuple(
        (d.label or translate("Reports", "(none)"), d.final, d.final / total, float(running) / total, d.station)
        for d, running in zip(found, sums, strict=True)
    )
    return columns, rows


def _control(figures: Figures) -> _Rows:
    columns = (
        _head(figures),
        Column(translate("Reports", "Judged"), "count"),
        Column(translate("Reports", "p"), "share"),
        Column(translate("Reports", "p, LCL"), "share"),
        Column(translate("Reports", "p, UCL"), "share"),
        Column(translate("Reports", "p, rules broken"), "count"),
        Column(translate("Reports", "u"), "number"),
        Column(translate("Reports", "u, LCL"), "number"),
        Column(translate("Reports", "u, UCL"), "number"),
        Column(translate("Reports", "u, rules broken"), "count"),
    )
    p, u = figures.rejects, figures.rate
    rows = tuple(
        (_name(g, figures), g.judged, *_limits(p, i), rules_of(p, i), *_limits(u, i), rules_of(u, i))
        for i, g in enumerate(figures.groups or ())
    )
    return columns, rows


def _limits(chart: ControlChart, index: int) -> tuple[float, float, float]:
    return float(chart.values[index]), float(chart.lower[index]), float(chart.upper[index])


def rules_of(chart: ControlChart, index: int) -> str:
    """The rules a point breaks, as a short list; what is too small says so."""
    if chart.small[index]:
        return translate("Reports", "too few parts")
    return ", ".join(str(rule) for rule in sorted(chart.rules[index]))


def _agreement(figures: Figures) -> _Rows:
    columns = (
        Column(translate("Reports", "Station says")),
        Column(translate("Reports", "Person says OK"), "count"),
        Column(translate("Reports", "Person says NG"), "count"),
        Column(translate("Reports", "Person says REVIEW"), "count"),
        Column(translate("Reports", "Agreed"), "share"),
    )
    found = figures.agreement
    if found is None:
        return columns, ()
    # Only an OK and an NG can be agreed with: what else the station said left the part to a person.
    agreed = {Outcome.OK: found.ok_ok, Outcome.NG: found.ng_ng}
    rows = []
    for outcome, (ok, ng, review) in zip(Outcome, found.told, strict=False):
        share = agreed[outcome] / (ok + ng) if outcome in agreed and ok + ng else math.nan
        rows.append((outcome_word(outcome), ok, ng, review, share))
    return columns, tuple(rows)


def _audits(figures: Figures) -> _Rows:
    columns = (
        Column(translate("Reports", "Figure")),
        Column(translate("Reports", "Found"), "count"),
        Column(translate("Reports", "Looked at"), "count"),
        Column(translate("Reports", "Share"), "share"),
        Column(translate("Reports", "From"), "share"),
        Column(translate("Reports", "To"), "share"),
        Column(translate("Reports", "Of parts"), "count"),
        Column(translate("Reports", "Low"), "count"),
        Column(translate("Reports", "Likely"), "count"),
        Column(translate("Reports", "High"), "count"),
    )
    found = figures.audits
    if found is None:
        return columns, ()
    names = (translate("Reports", "Escapes"), translate("Reports", "Overkill (reviewed parts)"))
    shares = (found.escapes, found.overkill)
    return columns, tuple(
        (name, s.count, s.of, s.rate, *s.interval, s.all, *s.parts) for name, s in zip(names, shares, strict=True)
    )


def zones(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Counts of N×2 positions (0…1) in a grid of across × down cells."""
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=shape, range=((0, 1), (0, 1)))
    return np.asarray(counts, np.int64)


def _positions(figures: Figures) -> _Rows:
    columns = (
        Column(translate("Reports", "From left")),
        Column(translate("Reports", "From top")),
        Column(translate("Reports", "Defects"), "count"),
        Column(translate("Reports", "Share"), "share"),
    )
    found = figures.positions
    if found is None or not len(found.points):
        return columns, ()
    counts = zones(found.points, ZONES)
    places = sorted(np.ndindex(*ZONES), key=lambda cell: -int(counts[cell]))
    rows = tuple(
        (_edges(x, ZONES[0]), _edges(y, ZONES[1]), int(counts[x, y]), float(counts[x, y]) / len(found.points))
        for x, y in places
    )
    return columns, rows


def _edges(cell: int, of: int) -> str:
    return f"{number(100 * cell / of)} – {percent((cell + 1) / of, 0)}"


def _said_yield(figures: Figures) -> tuple[tuple[str, str], ...]:
    total = figures.total
    return (
        (translate("Reports", "First-pass yield"), shown(total.first_pass, "share")),
        (translate("Reports", "Final yield"), shown(total.final, "share")),
        (translate("Reports", "Judged"), number(total.judged)),
        (outcome_word(Outcome.NG), number(total.ng)),
        (outcome_word(Outcome.REVIEW), number(total.review)),
        *([(translate("Reports", "Unknown to the model"), number(figures.unknown))] if figures.unknown else []),
    )


def _said_defects(figures: Figures) -> tuple[tuple[str, str], ...]:
    found, total = figures.defects or (), figures.total
    largest = found[0].label if found else "–"
    parts = sum(d.final for d in found)
    return (
        (translate("Reports", "Defective parts"), number(parts)),
        (translate("Reports", "Of judged"), shown(parts / total.judged if total.judged else math.nan, "share")),
        (translate("Reports", "Most frequent"), largest),
        (translate("Reports", "Kinds"), number(len(found))),
    )


def _said_control(figures: Figures) -> tuple[tuple[str, str], ...]:
    p, u = figures.rejects, figures.rate
    return (
        (translate("Reports", "Mean p"), shown(p.centre, "share")),
        (translate("Reports", "p out of control"), number(len(p.out))),
        (translate("Reports", "Mean u"), shown(u.centre, "number")),
        (translate("Reports", "u out of control"), number(len(u.out))),
    )


def _said_agreement(figures: Figures) -> tuple[tuple[str, str], ...]:
    found = figures.agreement
    if found is None:
        return ()
    low, high = found.kappa_range
    interval = between(number(low, 2), number(high, 2)) if not math.isnan(low) else "–"
    return (
        (
            translate("Reports", "Override rate"),
            shown(found.disagreed / found.judged if found.judged else math.nan, "share"),
        ),
        (translate("Reports", "Kappa"), number(found.kappa, 2) if not math.isnan(found.kappa) else "–"),
        (translate("Reports", "Kappa, 95 %"), interval),
        (translate("Reports", "Answered OK or NG"), number(found.compared)),
        (translate("Reports", "Not compared"), number(found.unsure)),
    )


def _said_audits(figures: Figures) -> tuple[tuple[str, str], ...]:
    found = figures.audits
    if found is None:
        return ()
    low, likely, high = found.escapes.parts
    some = bool(found.escapes.of)
    return (
        (translate("Reports", "Escapes"), shown(found.escapes.rate, "share")),
        (translate("Reports", "Escaped parts, likely"), number(likely) if some else "–"),
        (translate("Reports", "Escaped parts, 95 %"), between(number(low), number(high)) if some else "–"),
        (translate("Reports", "Audited of drawn"), f"{number(found.drawn - found.waiting)} / {number(found.drawn)}"),
    )


def _said_positions(figures: Figures) -> tuple[tuple[str, str], ...]:
    found = figures.positions
    if found is None:
        return ()
    return (
        (translate("Reports", "Defects"), number(len(found.points))),
        (translate("Reports", "NG parts"), number(found.parts)),
    )


_MAKERS = {
    "yield": _yield,
    "defects": _defects,
    "control": _control,
    "agreement": _agreement,
    "audits": _audits,
    "positions": _positions,
}
_SAID = {
    "yield": _said_yield,
    "defects": _said_defects,
    "control": _said_control,
    "agreement": _said_agreement,
    "audits": _said_audits,
    "positions": _said_positions,
}
