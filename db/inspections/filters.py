"""Which inspections: a filter, as conditions on their rows and as sets of ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from db.store.schema import CommentRow, InspectionRow, RandomAuditRow, StandingRow
from engine.domain.inspection import Origin, Outcome


@dataclass(frozen=True, slots=True)
class Filter:
    """Which inspections; None = any. Times: since ≤ inspected_at < until. Scores: both ends included."""

    outcomes: frozenset[Outcome] | None = None
    """The station's verdicts."""
    labels: frozenset[str] | None = None
    """The classes decided for."""
    lot: str | None = None
    model: str | None = None
    """Model version."""
    since: datetime | None = None
    until: datetime | None = None
    overridden: bool | None = None
    min_score: float | None = None
    max_score: float | None = None
    source: str | None = None
    unreviewed_only: bool = False
    """Without an override in force, NO VERDICT left out."""
    recipe: str | None = None
    """Recipe name, all its versions."""
    products: frozenset[str] | None = None
    """The names a product's rows bear (Product.on_record)."""
    disagrees: bool | None = None
    """Whether the override in force says something else than the station; without one there is no disagreement."""
    commented: bool | None = None
    ids: frozenset[str] | None = None
    """Only these, at most MOST_IDS of them."""
    audit: bool = False
    """Drawn for a random audit that nobody has answered yet."""
    unknown: bool = False
    """Only parts that the model did not know."""
    origin: Origin | None = None
    """What it was judged for."""


ANY = Filter()
MOST_IDS = 5_000


def conditions(filter: Filter, row: Any = InspectionRow) -> list[ColumnElement[bool]]:
    """The filter as conditions on InspectionRow, or on a query with its columns; for db/ only."""
    wanted = list[ColumnElement[bool]]()
    if filter.outcomes is not None:
        wanted.append(row.outcome.in_(sorted(str(o) for o in filter.outcomes)))
    if filter.labels is not None:
        wanted.append(row.label.in_(sorted(filter.labels)))
    named = (filter.lot, filter.model, filter.source, filter.recipe)
    for column, value in zip((row.lot, row.model_version, row.source, row.recipe_name), named, strict=True):
        if value is not None:
            wanted.append(column == value)
    if filter.origin is not None:
        wanted.append(row.origin == str(filter.origin))
    if filter.products is not None:
        wanted.append(row.product.in_(sorted(filter.products)))
    wanted += times(filter, row)
    if filter.unknown:
        wanted.append(row.unknown.is_(True))
    if filter.min_score is not None:
        wanted.append(row.score >= filter.min_score)
    if filter.max_score is not None:
        wanted.append(row.score <= filter.max_score)
    if filter.ids is not None:
        wanted.append(row.id.in_(_bounded(filter.ids)))
    return wanted + _told(filter, row)


def times(filter: Filter, row: Any = InspectionRow) -> list[ColumnElement[bool]]:
    """The filter's range of times."""
    wanted = list[ColumnElement[bool]]()
    if filter.since is not None:
        wanted.append(row.inspected_at >= filter.since)
    if filter.until is not None:
        wanted.append(row.inspected_at < filter.until)
    return wanted


def sets(filter: Filter) -> list[Select[str]]:
    """Ids of which the filter wants some and no others, each read without a look at the inspections."""
    wanted = list[Select[str]]()
    if filter.ids is not None:
        wanted.append(select(InspectionRow.id).where(InspectionRow.id.in_(_bounded(filter.ids))))
    if filter.overridden:
        wanted.append(select(StandingRow.inspection_id))
    if filter.disagrees:
        wanted.append(select(StandingRow.inspection_id).where(StandingRow.disagrees))
    if filter.commented:
        wanted.append(select(CommentRow.inspection_id).distinct())
    if filter.audit:
        answered = select(StandingRow.inspection_id).where(StandingRow.inspection_id == RandomAuditRow.inspection_id)
        wanted.append(select(RandomAuditRow.inspection_id).where(~answered.exists()))
    return wanted


def unreviewed(row: Any = InspectionRow) -> list[ColumnElement[bool]]:
    """Judged, and without an override in force."""
    return [~_overridden(row), row.outcome != str(Outcome.NO_VERDICT)]


def _bounded(ids: frozenset[str]) -> list[str]:
    return sorted(ids)[:MOST_IDS]


def _told(filter: Filter, row: Any) -> list[ColumnElement[bool]]:
    """What people said or are to say."""
    wanted = list[ColumnElement[bool]]()
    if filter.overridden is not None:
        wanted.append(_overridden(row) if filter.overridden else ~_overridden(row))
    if filter.disagrees is not None:
        mistake = _overridden(row, only_mistakes=True)
        wanted.append(mistake if filter.disagrees else ~mistake)
    if filter.commented is not None:
        said = select(CommentRow.serial).where(CommentRow.inspection_id == row.id).exists()
        wanted.append(said if filter.commented else ~said)
    if filter.audit:
        drawn = select(RandomAuditRow.inspection_id).where(RandomAuditRow.inspection_id == row.id).exists()
        wanted += [drawn, ~_overridden(row)]
    return wanted + (unreviewed(row) if filter.unreviewed_only else [])


def _overridden(row: Any, *, only_mistakes: bool = False) -> ColumnElement[bool]:
    # Aliased: the queries around it may join the same table.
    standing = aliased(StandingRow)
    found = select(standing.inspection_id).where(standing.inspection_id == row.id)
    return (found.where(standing.disagrees) if only_mistakes else found).exists()
