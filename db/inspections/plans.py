"""How to find the rows of a filter: along which index, or from which small set.

SQLite keeps no statistics here, so its planner cannot know that a lot has 6,000 rows and a recipe 300,000. Each part of
a filter that has an index is counted along it, up to LARGE entries (some milliseconds); the smallest one leads. Where
none is small, the rows are read in the order asked for and the first ones that match are soon there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

from db.inspections.filters import Filter, conditions, sets, times
from db.store.schema import InspectionRow
from engine.domain.inspection import Outcome

LARGE = 25_000
"""From so many rows on, reading in order beats sorting."""

INSPECTIONS = cast(Table, InspectionRow.__table__)
_C = INSPECTIONS.c
_KEYS = tuple(
    _C[name]
    for name in (
        *("id", "inspected_at", "outcome", "label", "lot", "model_version"),
        *("source", "recipe_name", "score", "margin", "unknown", "origin", "product"),
    )
)
"""All that a filter or an order looks at."""
ORDERED_BY = {
    "inspected_at": "ix_inspections_newest",
    "score": "ix_inspections_score",
    "margin": "ix_inspections_margin",
}


_INDEXES = {str(index.name): index for index in INSPECTIONS.indexes}


class Unindexed(ColumnElement[Any]):
    """`+column`: the same value, out of the sight of SQLite's planner, which takes no hints through SQLAlchemy."""

    inherit_cache = True
    _traverse_internals = [("column", InternalTraversal.dp_clauseelement)]

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column
        self.type = column.type


@compiles(Unindexed)
def _plainly(element: Unindexed, compiler: SQLCompiler, **words: Any) -> str:
    return compiler.process(element.column, **words)


@compiles(Unindexed, "sqlite")
def _hidden(element: Unindexed, compiler: SQLCompiler, **words: Any) -> str:
    return "+" + compiler.process(element.column, **words)


class _Seen:
    """The inspections' columns, those of one index plain, the others out of the planner's sight."""

    def __init__(self, keeps: frozenset[str]) -> None:
        self._keeps = keeps

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        column = _C[name]
        # Ids appear in correlated questions only, which their own index answers.
        return column if name in self._keeps or name == "id" else Unindexed(column)


@dataclass(frozen=True, slots=True)
class Lead:
    """Where the search starts: along `index` within some `where`, or from the ids of a `set`."""

    size: int
    """Entries, counted up to LARGE."""
    ordered: bool
    """The index gives the rows in the order asked for."""
    index: str
    where: tuple[ColumnElement[bool], ...] = ()
    ids: Select[str] | None = None

    @property
    def keeps(self) -> frozenset[str]:
        """The columns of the index; conditions on all others must not lead."""
        return frozenset(c.name for c in _INDEXES[self.index].columns) if self.index else frozenset()

    @property
    def must_sort(self) -> bool:
        """The rows must be collected and sorted; there are few."""
        return not self.ordered and self.size < LARGE


def lead(session: Session, filter: Filter, column: InstrumentedAttribute[Any]) -> Lead:
    """The best start for the rows of `filter` in the order of `column`."""
    in_order = Lead(LARGE, True, ORDERED_BY[column.key])
    found = _indexed(filter, column)
    if not found and not sets(filter):
        return in_order
    if len(found) == 1 and found[0].ordered and not sets(filter):
        return found[0]
    counted = [_counted(session, one) for one in found]
    counted += [_counted(session, Lead(0, False, "", ids=ids)) for ids in sets(filter)]
    best = min(counted, key=lambda one: (one.size, not one.ordered))
    if best.size < LARGE or best.ordered:
        return best
    return in_order


def smallest(session: Session, filter: Filter) -> Lead:
    """The best start where the order does not matter."""
    found = [replace(one, ordered=True) for one in _indexed(filter, InspectionRow.inspected_at)]
    if len(found) == 1 and not sets(filter):
        return found[0]
    counted = [_counted(session, one) for one in found]
    counted += [_counted(session, Lead(0, False, "", ids=ids)) for ids in sets(filter)]
    return min(counted, key=lambda one: one.size, default=Lead(LARGE, True, ORDERED_BY["inspected_at"]))


def keys(start: Lead, filter: Filter) -> tuple[Select[Any], Any]:
    """A query for the rows of `filter` from `start`, and the row whose columns it reads; add order and limit."""
    if start.ids is None and not start.must_sort:
        row: Any = _C
        return select(_C.id).where(*seen(start, filter)), row
    few = select(*_KEYS).where(*start.where)
    if start.ids is not None:
        few = few.where(_C.id.in_(start.ids))
    # Materialised: SQLite would else fold it into the outer query and choose another start.
    row = few.cte("few").prefix_with("MATERIALIZED").c
    return select(row.id).where(*conditions(filter, row)), row


def seen(start: Lead, filter: Filter) -> list[ColumnElement[bool]]:
    """The conditions of `filter`, of which only those of the start's index may lead."""
    return conditions(filter, _Seen(start.keeps))


def _counted(session: Session, start: Lead) -> Lead:
    if start.ids is not None:
        some = start.ids.limit(LARGE).subquery()
    else:
        some = select(_C.id).where(*start.where).limit(LARGE).subquery()
    size = session.execute(select(func.count()).select_from(some)).scalar_one()
    return Lead(size, start.ordered, start.index, start.where, start.ids)


def _indexed(filter: Filter, column: InstrumentedAttribute[Any]) -> list[Lead]:
    """Every part of the filter that has an index, the likely smallest first."""
    by_time = column.key == "inspected_at"
    within = tuple(times(filter, _C))
    outcomes = None if filter.outcomes is None else sorted(str(o) for o in filter.outcomes)
    common = outcomes is not None and str(Outcome.OK) in outcomes
    labels = None if filter.labels is None else sorted(filter.labels)
    parts: list[tuple[str, list[str] | None]] = [
        ("label", labels),
        ("lot", None if filter.lot is None else [filter.lot]),
        ("outcome", None if common else outcomes),
        ("recipe_name", None if filter.recipe is None else [filter.recipe]),
        ("model_version", None if filter.model is None else [filter.model]),
        ("source", None if filter.source is None else [filter.source]),
        ("origin", None if filter.origin is None else [str(filter.origin)]),
        ("product", None if filter.products is None else sorted(filter.products)),
        ("outcome", outcomes if common else None),
    ]
    found = [
        Lead(0, by_time and len(values) == 1, f"ix_inspections_{name}", (_C[name].in_(values), *within))
        for name, values in parts
        if values is not None
    ]
    if within:
        found.append(Lead(0, by_time, ORDERED_BY["inspected_at"], within))
    scores = tuple(
        c for c in (_least(filter.min_score), None if filter.max_score is None else _C.score <= filter.max_score)
        if c is not None
    )  # fmt: skip
    if scores:
        found.append(Lead(0, column.key == "score", ORDERED_BY["score"], scores))
    return found


def _least(score: float | None) -> ColumnElement[bool] | None:
    return None if score is None else _C.score >= score
