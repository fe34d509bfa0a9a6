"""Figures for reports, counted by the database: no row is loaded, and a week of a million parts takes well under 1 s.

What is counted over every part is counted within an index that holds all of it; only parts that are not OK are looked
up in the table. SQLite does not always choose so by itself (it keeps no statistics here), so the index is named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Float, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.inspections.plans import Unindexed
from db.store.schema import InspectionRow, OverrideRow, StandingRow
from db.store.session import Database
from engine.domain.inspection import Origin, Outcome
from engine.statistics.buckets import Grouping, Span, spans
from engine.statistics.metrics import cohen_kappa, kappa_interval

MOST_GROUPS = 200
"""Lots, recipes or models in one report: the newest."""
SAMPLE = 5000
"""NG parts looked at for the positions of their defects: the newest."""
MOST_REGIONS = 50_000

_ROW = InspectionRow
_COLUMN: dict[str, InstrumentedAttribute[str]] = {
    "lot": _ROW.lot,
    "recipe": _ROW.recipe_name,
    "model": _ROW.model_version,
}
_NOT_OK = (str(Outcome.NG), str(Outcome.REVIEW), str(Outcome.NO_VERDICT))

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which parts a report is about: since ≤ inspected_at < until; None = any."""

    since: datetime
    until: datetime
    lot: str | None = None
    recipe: str | None = None
    model: str | None = None
    """Model version."""
    origins: frozenset[Origin] | None = None
    """What they were judged for; None = anything."""
    products: frozenset[str] | None = None
    """The names a product's rows bear (Product.on_record); None = of any product."""


@dataclass(frozen=True, slots=True)
class Group:
    """The parts of one hour, shift, day, lot, recipe or model, as the station judged them and as people left them."""

    name: str = ""
    """Of a lot, a recipe or a model version; empty for a time."""
    span: Span | None = None
    ok: int = 0
    ng: int = 0
    review: int = 0
    no_verdict: int = 0
    overridden: int = 0
    """With an override in force."""
    disagreed: int = 0
    """With an override in force that says something else than the station."""
    final_ok: int = 0
    """OK after the overrides in force."""
    final_judged: int = 0
    """Judged by the station, or by a person where the station gave no verdict."""
    defects: int = 0
    """Regions on NG parts; an NG part without a region counts as one."""

    @property
    def judged(self) -> int:
        """OK + NG + REVIEW."""
        return self.ok + self.ng + self.review

    @property
    def first_pass(self) -> float:
        """First-pass yield: OK at the first verdict ÷ judged; nan when nothing was judged."""
        return self.ok / self.judged if self.judged else nan

    @property
    def final(self) -> float:
        """Final yield: OK after overrides ÷ judged by station or person."""
        return self.final_ok / self.final_judged if self.final_judged else nan

    @property
    def override_rate(self) -> float:
        """Share of the judged parts that somebody overruled (not: confirmed)."""
        return self.disagreed / self.judged if self.judged else nan


@dataclass(frozen=True, slots=True)
class DefectCount:
    """One kind of defect: parts the station called NG for it, and parts that are it after overrides."""

    label: str
    station: int
    final: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Station against inspector over the parts with an override in force."""

    ok_ok: int = 0
    ok_ng: int = 0
    """Station OK, inspector NG."""
    ng_ok: int = 0
    ng_ng: int = 0
    unsure: int = 0
    """Where either said REVIEW, or the station gave no verdict: in no figure."""
    judged: int = 0
    """By the station, in all."""
    disagreed: int = 0
    told: tuple[tuple[int, int, int], ...] = ()
    """All answers: a row for each of the station's verdicts, in the order of Outcome; OK, NG, REVIEW by the person."""

    @property
    def compared(self) -> int:
        """Parts in the table."""
        return self.ok_ok + self.ok_ng + self.ng_ok + self.ng_ng

    @property
    def matrix(self) -> NDArray[np.int64]:
        """2×2 counts, row = station, column = inspector, OK then NG."""
        return np.array([[self.ok_ok, self.ok_ng], [self.ng_ok, self.ng_ng]], np.int64)

    @property
    def kappa(self) -> float:
        """Cohen's kappa; nan where it is not defined."""
        return cohen_kappa(self.matrix)

    @property
    def kappa_range(self) -> tuple[float, float]:
        """Its 95 % interval; nan where it is not defined."""
        return kappa_interval(self.matrix)


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Centres of the regions on NG parts: N×2, x and y as shares 0…1 of the frame's width and height."""

    points: NDArray[np.float64]
    parts: int
    """NG parts looked at."""
    aspect: float
    """Width ÷ height of the frames looked at (their mean)."""


@dataclass(frozen=True, slots=True)
class ScopeChoices:
    """What there is to filter by, the newest first; empty names left out."""

    lots: tuple[str, ...]
    recipes: tuple[str, ...]
    models: tuple[str, ...]


def _never() -> bool:
    return False


def groups(
    db: Database,
    scope: Scope,
    grouping: Grouping,
    shifts: Sequence[str] = (),
    *,
    zone: tzinfo | None = None,
    stopped: Stopped = _never,
) -> tuple[Group, ...]:
    """Counts for each hour, shift, day (oldest first, empty ones left out), lot, recipe or model (oldest first).

    `stopped` is asked between queries; what is returned then is not whole.
    """
    with db.session() as session:
        if grouping in (Grouping.HOUR, Grouping.SHIFT, Grouping.DAY):
            cut = spans(grouping, scope.since, scope.until, shifts, zone)
            return _timed(session, scope, cut, stopped)
        return _named(session, scope, str(grouping))


def by_origin(db: Database, scope: Scope) -> dict[Origin, int]:
    """How many parts of the scope were judged for what, whatever is counted: so that none is left out unsaid."""
    every = select(_ROW.origin, func.count(_ROW.id)).where(_ROW.origin.in_([str(origin) for origin in Origin]))
    with db.session() as session:
        rows = session.execute(every.where(*_within(replace(scope, origins=None))).group_by(_ROW.origin))
        return {Origin(origin): int(count) for origin, count in rows}


def overall(found: Iterable[Group]) -> Group:
    """All groups as one."""
    names, rows = [f for f in Group.__dataclass_fields__ if f not in ("name", "span")], tuple(found)
    return Group(**{name: sum(getattr(g, name) for g in rows) for name in names})


def unknown(db: Database, scope: Scope) -> int:
    """How many parts the model did not know; REVIEW or NO VERDICT, each counted as such, too."""
    with db.session() as session:
        strange = select(func.count()).select_from(_ROW).where(_ROW.unknown.is_(True), *_within(scope))
        return session.execute(strange).scalar_one()


def defects(db: Database, scope: Scope) -> tuple[DefectCount, ...]:
    """Kinds of defect, most parts first. A part overruled as OK counts for none, one called NG by a person counts."""
    with db.session() as session:
        within = _within(scope, by_outcome=True)
        rows = select(_ROW.label, func.count()).where(_ROW.outcome == str(Outcome.NG), *within)
        station = Counter({str(k): int(n) for k, n in session.execute(rows.group_by(_ROW.label))})
        final = Counter(station)
        for said in _said(session, scope, literal(0)):
            if said.station == Outcome.NG:
                final[said.station_label] -= said.count
            if said.person == Outcome.NG:
                final[said.person_label or said.station_label] += said.count
    both = [DefectCount(label, station[label], final[label]) for label in {*station, *final}]
    return tuple(sorted((d for d in both if d.station or d.final), key=lambda d: (-d.final, -d.station, d.label)))


def agreement(db: Database, scope: Scope, judged: int) -> Agreement:
    """Station against inspector; `judged` is how many parts the station judged in all (`overall(groups)`)."""
    cells: Counter[tuple[str, str]] = Counter()
    disagreed = 0
    with db.session() as session:
        for said in _said(session, scope, literal(0)):
            cells[said.station, said.person] += said.count
            disagreed += said.count if said.disagrees and said.station != Outcome.NO_VERDICT else 0
    ok, ng = str(Outcome.OK), str(Outcome.NG)
    told = tuple((cells[a, ok], cells[a, ng], cells[a, str(Outcome.REVIEW)]) for a in map(str, Outcome))
    table = cells[ok, ok], cells[ok, ng], cells[ng, ok], cells[ng, ng]
    return Agreement(*table, sum(cells.values()) - sum(table), judged, disagreed, told)


def positions(db: Database, scope: Scope, limit: int = SAMPLE) -> Positions:
    """Where the defects of the newest `limit` NG parts lie; only boxes are read, and at most 50,000 of them."""
    newest = select(_ROW.regions, _ROW.width, _ROW.height)
    within = _within(scope, by_outcome=True)
    newest = newest.where(_ROW.outcome == str(Outcome.NG), _ROW.width > 0, _ROW.height > 0, *within)
    found = newest.order_by(_ROW.inspected_at.desc()).limit(limit).subquery()
    region = func.json_each(found.c.regions).table_valued("value")
    box = [func.json_extract(region.c.value, f"$.box[{n}]", type_=Float) for n in range(4)]
    centres = select((box[0] + box[2] / 2.0) / found.c.width, (box[1] + box[3] / 2.0) / found.c.height).select_from(
        found.join(region, literal(True))
    )
    with db.session() as session:
        parts, aspect = session.execute(
            select(func.count(), func.avg(1.0 * found.c.width / found.c.height)).select_from(found)
        ).one()
        rows = session.execute(centres.limit(MOST_REGIONS)).all()
    points = np.array([tuple(row) for row in rows if None not in tuple(row)], np.float64).reshape(-1, 2)
    return Positions(np.clip(points, 0.0, 1.0), int(parts), float(aspect or 4 / 3))


def choices(db: Database, limit: int = MOST_GROUPS) -> ScopeChoices:
    """Lots, recipes and model versions that occur, the newest first."""
    found = []
    with db.session() as session:
        for column in _COLUMN.values():
            newest = select(column).where(column != "").group_by(column)
            rows = session.scalars(newest.order_by(func.max(_ROW.inspected_at).desc()).limit(limit))
            found.append(tuple(rows))
    return ScopeChoices(*found)


@dataclass(frozen=True, slots=True)
class _Said:
    """So many parts of one group of which the station said this and, last, a person that."""

    key: Any
    station: str
    station_label: str
    person: str
    person_label: str
    disagrees: bool
    count: int


def _said(session: Session, scope: Scope, key: ColumnElement[Any]) -> list[_Said]:
    """Overrides in force, counted; from the overrides to their parts, of which there are many more."""
    columns = (key, _ROW.outcome, _ROW.label, OverrideRow.outcome, OverrideRow.label, StandingRow.disagrees)
    rows = (
        select(*columns, func.count())
        .select_from(StandingRow)
        .join(OverrideRow, OverrideRow.id == StandingRow.override_id)
        .join(_ROW, _ROW.id == StandingRow.inspection_id)
        .where(*_within(scope))
    )
    found = session.execute(rows.group_by(*columns))
    return [_Said(*row) for row in found]


def _timed(session: Session, scope: Scope, cut: Sequence[Span], stopped: Stopped) -> tuple[Group, ...]:
    corrections: dict[Any, list[_Said]] = defaultdict(list)
    if cut:
        # One condition a span: the spans are cut by the local clock, which the database does not know.
        bounds = [(_ROW.inspected_at < span.until, number) for number, span in enumerate(cut)]
        whole = replace(scope, since=cut[0].since)
        for said in _said(session, whole, case(*bounds, else_=len(cut)).label("span")):
            corrections[said.key].append(said)
    found = []
    for number, span in enumerate(cut):
        if stopped():
            break
        part = replace(scope, since=span.since, until=span.until)
        counts = _outcomes(session, part)
        if counts.total():
            found.append(_group("", span, counts, corrections[number], _defects(session, part, counts)))
    return tuple(found)


def _outcomes(session: Session, scope: Scope) -> Counter[str]:
    if not _filters(scope) and scope.origins is None and scope.products is None:
        rows = select(_ROW.outcome, func.count()).where(_ROW.outcome.in_([str(o) for o in Outcome]), *_within(scope))
        return Counter({str(k): int(n) for k, n in session.execute(rows.group_by(_ROW.outcome))})
    every = select(func.count(_ROW.id)).where(*_within(scope))
    total = session.execute(every).scalar_one()
    if not total:
        return Counter()
    rows = select(_ROW.outcome, func.count()).where(_ROW.outcome.in_(_NOT_OK), *_within(scope, by_outcome=True))
    rest = Counter({str(k): int(n) for k, n in session.execute(rows.group_by(_ROW.outcome))})
    return rest + Counter({str(Outcome.OK): total - rest.total()})


def _defects(session: Session, scope: Scope, counts: Counter[str]) -> int:
    rows = select(func.sum(_REGIONS)).where(_ROW.outcome == str(Outcome.NG), *_within(scope, by_outcome=True))
    return int(session.execute(rows).scalar_one() or 0) if counts[str(Outcome.NG)] else 0


_LENGTH = func.json_array_length(_ROW.regions)
_REGIONS = case((_LENGTH > 0, _LENGTH), else_=1)


def _named(session: Session, scope: Scope, by: str) -> tuple[Group, ...]:
    column = _COLUMN[by]
    every = select(column, func.count(_ROW.id), func.max(_ROW.inspected_at)).where(*_within(scope))
    newest = every.group_by(column).order_by(func.max(_ROW.inspected_at).desc()).limit(MOST_GROUPS)
    totals = [(str(name), int(count)) for name, count, _at in session.execute(newest)]
    rest: dict[str, Counter[str]] = defaultdict(Counter)
    faults: Counter[str] = Counter()
    weight = func.sum(case((_ROW.outcome == str(Outcome.NG), _REGIONS), else_=0))
    within = _within(scope, by_outcome=True)
    rows = select(column, _ROW.outcome, func.count(), weight).where(_ROW.outcome.in_(_NOT_OK), *within)
    for name, outcome, count, found in session.execute(rows.group_by(column, _ROW.outcome)):
        rest[name][outcome] = count
        faults[name] += int(found)
    corrections: dict[Any, list[_Said]] = defaultdict(list)
    for said in _said(session, scope, column.expression):
        corrections[said.key].append(said)
    return tuple(
        _group(
            name, None, rest[name] + Counter({str(Outcome.OK): n - rest[name].total()}), corrections[name], faults[name]
        )
        for name, n in reversed(totals)
    )


def _group(name: str, span: Span | None, counts: Counter[str], said: Sequence[_Said], faults: int) -> Group:
    ok, none = str(Outcome.OK), str(Outcome.NO_VERDICT)
    judged = counts.total() - counts[none]
    gained = sum(s.count for s in said if s.person == ok and s.station != ok)
    lost = sum(s.count for s in said if s.station == ok and s.person != ok)
    return Group(
        name,
        span,
        counts[ok],
        counts[str(Outcome.NG)],
        counts[str(Outcome.REVIEW)],
        counts[none],
        overridden=sum(s.count for s in said),
        disagreed=sum(s.count for s in said if s.disagrees and s.station != none),
        final_ok=counts[ok] + gained - lost,
        final_judged=judged + sum(s.count for s in said if s.station == none),
        defects=faults,
    )


def _filters(scope: Scope) -> list[str]:
    return [name for name in _COLUMN if getattr(scope, name) is not None]


def _within(scope: Scope, *, by_outcome: bool = False) -> list[ColumnElement[bool]]:
    """`by_outcome`: a condition on the outcome stands beside these, and its index is the one to go along."""
    within: list[ColumnElement[bool]] = [_ROW.inspected_at >= scope.since, _ROW.inspected_at < scope.until]
    for column, values in ((_ROW.origin, scope.origins), (_ROW.product, scope.products)):
        if values is not None:
            within.append((Unindexed(column.expression) if by_outcome else column).in_(sorted(map(str, values))))
    return within + [_COLUMN[name] == getattr(scope, name) for name in _filters(scope)]
