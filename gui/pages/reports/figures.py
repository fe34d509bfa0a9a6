"""What the Reports page knows: what was asked, and the figures as they come in from the database, one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from db.inspections import audits
from db.inspections.audits import AuditEstimate
from db.statistics import figures as statistics
from db.statistics.figures import Agreement, DefectCount, Group, Positions, Scope
from db.store.session import Database
from engine.domain.inspection import Origin
from engine.statistics.buckets import Grouping, day_start
from engine.statistics.control_charts import ControlChart, p_chart, u_chart
from engine.statistics.shifts import shift_of
from gui.jobs.jobs import Job

Period = Literal["today", "yesterday", "shift", "week", "month", "own"]
PERIODS: tuple[Period, ...] = ("today", "yesterday", "shift", "week", "month", "own")
DAY = timedelta(days=1)
COUNTED: dict[str, frozenset[Origin] | None] = {
    str(Origin.PRODUCTION): frozenset({Origin.PRODUCTION}),
    "production+unknown": frozenset({Origin.PRODUCTION, Origin.UNKNOWN}),
    **{str(origin): frozenset({origin}) for origin in Origin if origin is not Origin.PRODUCTION},
    "all": None,
}
"""What may be counted, by its name in the settings; None = everything."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What the figures are of."""

    scope: Scope
    grouping: Grouping
    shifts: tuple[str, ...]
    product: str = ""
    """Whose parts, in words; empty where the station has one product."""


@dataclass(frozen=True, slots=True)
class Figures:
    """None = not counted yet."""

    ask: Ask
    groups: tuple[Group, ...] | None = None
    origins: dict[Origin, int] | None = None
    """Parts of the period by what they were judged for, counted here or not."""
    unknown: int | None = None
    """Parts that the model did not know."""
    defects: tuple[DefectCount, ...] | None = None
    agreement: Agreement | None = None
    audits: AuditEstimate | None = None
    positions: Positions | None = None

    @property
    def total(self) -> Group:
        """All groups as one."""
        return statistics.overall(self.groups or ())

    @property
    def left_out(self) -> dict[Origin, int]:
        """Parts of the period that are not counted here, by what they were judged for."""
        counted = self.ask.scope.origins
        return {} if counted is None else {o: n for o, n in (self.origins or {}).items() if n and o not in counted}

    @property
    def rejects(self) -> ControlChart:
        """The p-chart of NG parts."""
        groups = self.groups or ()
        return p_chart([g.ng for g in groups], [g.judged for g in groups])

    @property
    def rate(self) -> ControlChart:
        """The u-chart of defects."""
        groups = self.groups or ()
        return u_chart([g.defects for g in groups], [g.judged for g in groups])


class FigurePart(NamedTuple):
    """One figure, as it comes: the name of a field of Figures, `choices` or `waiting`, and its value."""

    name: str
    value: object


def with_part(figures: Figures, part: FigurePart) -> Figures:
    """The figures with one more of them."""
    found: dict[str, Any] = {part.name: part.value}
    return replace(figures, **found)


def period_of(period: Period, now: datetime, shifts: tuple[str, ...], own: tuple[datetime, datetime]) -> Scope:
    """The period's bounds in UTC; `own` are two moments whose local days are the first and the last one."""
    today = day_start(now)
    if period == "yesterday":
        return Scope(day_start(today - DAY / 2), today)
    if period == "shift":
        return Scope(shift_of(now, shifts)[0], now)
    if period == "own":
        first, last = min(own), max(own)
        return Scope(day_start(first), day_start(day_start(last) + 1.5 * DAY))
    days = {"week": 6, "month": 29}.get(period, 0)
    # From the middle of a day: a day is 23 or 25 hours long when the clock is changed.
    return Scope(day_start(today - days * DAY + DAY / 2), now)


def collect(db: Database, ask: Ask, job: Job, report: Callable[[FigurePart], None]) -> None:
    """Count everything, the quick first, each reported as it is there; stops between queries when cancelled."""
    scope = ask.scope
    groups = statistics.groups(db, scope, ask.grouping, ask.shifts, stopped=lambda: job.cancelled)
    total = statistics.overall(groups)
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("origins", lambda: statistics.by_origin(db, scope)),
        ("groups", lambda: groups),
        ("unknown", lambda: statistics.unknown(db, scope)),
        ("defects", lambda: statistics.defects(db, scope)),
        ("agreement", lambda: statistics.agreement(db, scope, total.judged)),
        ("audits", lambda: _audits(db, scope, total)),
        ("waiting", lambda: audits.waiting(db)),
        ("positions", lambda: statistics.positions(db, scope)),
        ("choices", lambda: statistics.choices(db)),
    )
    for name, count in steps:
        if job.cancelled:
            return
        report(FigurePart(name, count()))


def _audits(db: Database, scope: Scope, total: Group) -> AuditEstimate:
    return audits.estimate(
        db,
        scope.since,
        scope.until,
        ok_parts=total.ok,
        ng_parts=total.ng,
        lot=scope.lot,
        recipe=scope.recipe,
        model=scope.model,
        origins=scope.origins,
        products=scope.products,
    )
