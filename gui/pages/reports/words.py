"""The words of the Reports page: views, periods, groups, values, and how each figure is computed."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Final, Literal

from PySide6.QtCore import QDate, QLocale

from db.statistics.figures import Group
from engine.domain.inspection import Origin
from engine.reports.quality import Kind
from engine.reports.workbook import Cell
from engine.statistics.buckets import Grouping
from engine.system.zone import zone_words
from gui.i18n.language import day, day_time, number, origin_word, percent, translate
from gui.pages.reports.figures import COUNTED, Ask, Figures, Period

View = Literal["yield", "defects", "control", "agreement", "audits", "positions"]
VIEWS: Final[tuple[View, ...]] = ("yield", "defects", "control", "agreement", "audits", "positions")
LONGEST = 14
"""Characters of a lot's name on an axis."""


def view_word(view: View) -> str:
    """What a view is called."""
    return {
        "yield": translate("Reports", "Yield"),
        "defects": translate("Reports", "Defects"),
        "control": translate("Reports", "Control charts"),
        "agreement": translate("Reports", "Agreement"),
        "audits": translate("Reports", "Audits"),
        "positions": translate("Reports", "Positions"),
    }[view]


def period_word(period: Period) -> str:
    """What a period is called."""
    return {
        "today": translate("Reports", "Today"),
        "yesterday": translate("Reports", "Yesterday"),
        "shift": translate("Reports", "This shift"),
        "week": translate("Reports", "Last 7 days"),
        "month": translate("Reports", "Last 30 days"),
        "own": translate("Reports", "From … to …"),
    }[period]


def grouping_word(grouping: Grouping) -> str:
    """What a grouping is called."""
    return {
        Grouping.HOUR: translate("Reports", "By hour"),
        Grouping.SHIFT: translate("Reports", "By shift"),
        Grouping.DAY: translate("Reports", "By day"),
        Grouping.LOT: translate("Reports", "By lot"),
        Grouping.RECIPE: translate("Reports", "By recipe"),
        Grouping.MODEL: translate("Reports", "By model"),
    }[grouping]


def group_title(grouping: Grouping) -> str:
    """The heading of the groups, and the name of their axis."""
    return {
        Grouping.HOUR: translate("Reports", "Hour"),
        Grouping.SHIFT: translate("Reports", "Shift"),
        Grouping.DAY: translate("Reports", "Day"),
        Grouping.LOT: translate("Reports", "Lot"),
        Grouping.RECIPE: translate("Reports", "Recipe"),
        Grouping.MODEL: translate("Reports", "Model version"),
    }[grouping]


def timed(grouping: Grouping) -> bool:
    """Whether its groups are spans of time."""
    return grouping in (Grouping.HOUR, Grouping.SHIFT, Grouping.DAY)


def clock_words(*times: datetime) -> str:
    """Whose clock the times are."""
    return translate("Reports", "Times in {zone}.").format(zone=zone_words(*times))


def group_name(group: Group, grouping: Grouping) -> str:
    """One group in full."""
    if group.span is None:
        return group.name or translate("Reports", "(none)")
    return day(group.span.since) if grouping is Grouping.DAY else day_time(group.span.since)


def tick_name(group: Group, grouping: Grouping, *, dated: bool) -> str:
    """One group on an axis, short; `dated`: with its day above the time."""
    if group.span is None:
        name = group_name(group, grouping)
        return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    local = group.span.since.astimezone()
    date = QLocale().toString(QDate(local.year, local.month, local.day), "d MMM")
    if grouping is Grouping.DAY:
        return date
    return f"{local:%H:%M}\n{date}" if dated else f"{local:%H:%M}"


def shown(value: Cell, kind: Kind) -> str:
    """One value of a table as it is written on screen and on paper."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, datetime):
        return day_time(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str):
        return value
    if kind == "share":
        return percent(value, 2)
    return number(value, 3 if kind == "number" else 0)


def counted_word(counted: str) -> str:
    """What is counted, by its name in COUNTED."""
    if counted == "all":
        return translate("Reports", "Everything")
    if counted == "production+unknown":
        return translate("Reports", "Production and not recorded")
    return origin_word(Origin(counted))


def counted_words(ask: Ask) -> str:
    """What these figures count, and of which product where there are several."""
    counted = counted_word(next(name for name, origins in COUNTED.items() if origins == ask.scope.origins))
    return f"{ask.product} · {counted}" if ask.product else counted


def left_out_words(figures: Figures) -> str:
    """What lies in the period and is not counted; empty = nothing."""
    return " · ".join(f"{origin_word(origin)} {number(count)}" for origin, count in figures.left_out.items())


def between(low: str, high: str) -> str:
    """An interval."""
    return translate("Reports", "{low} to {high}").format(low=low, high=high)


def how(view: View) -> str:
    """How the figures of a view are computed."""
    return {
        "yield": translate(
            "Reports",
            "Judged = OK + NG + REVIEW of what is counted. First-pass yield = OK at the first verdict ÷ judged. "
            "Final yield = OK after the corrections in force ÷ judged by the station or a person.",
        ),
        "defects": translate(
            "Reports",
            "NG parts by the class decided for. After corrections: a part called OK by a person counts no more, "
            "one called NG by a person counts under the class the person gave.",
        ),
        "control": translate(
            "Reports",
            "p = NG ÷ judged, u = defects ÷ judged; limits at 3 σ for each point's own number of parts "
            "(Montgomery). Rules of Western Electric: 1 beyond 3 σ; 2 two of three beyond 2 σ; 3 four of five "
            "beyond 1 σ; 4 eight in a row on one side. Hollow points have too few parts for limits.",
        ),
        "agreement": translate(
            "Reports",
            "Override rate = parts a person overruled ÷ judged. Kappa (Cohen) = agreement beyond chance over the "
            "parts a person answered with OK or NG; people pick the doubtful ones, so it is lower than over all parts.",
        ),
        "audits": translate(
            "Reports",
            "Escapes: OK parts drawn by chance that a person called NG ÷ those answered, scaled to all OK parts "
            "(low, likely, high). "
            "Overkill: NG parts a person called OK ÷ NG parts reviewed; it covers the reviewed parts only. "
            "Intervals: Wilson, 95 %.",
        ),
        "positions": translate(
            "Reports",
            "Centres of the defect regions on the newest NG parts (at most 5,000), as shares of the frame.",
        ),
    }[view]
