"""What the Live page counts from: the station's verdicts, what was corrected since, and the last verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from db.inspections.table import Counts, Filter, conditions
from db.store.schema import InspectionRow, OverrideRow, StandingRow
from db.store.session import Database
from engine.domain.inspection import Origin, Outcome

NAMES = {Outcome.OK: "ok", Outcome.NG: "ng", Outcome.REVIEW: "review", Outcome.NO_VERDICT: "no_verdict"}
"""Outcome → its field of Counts."""
Changes = Mapping[tuple[Outcome, Outcome], int]
"""(the station's verdict, the inspector's) → how many parts; only those where the two differ."""


@dataclass(frozen=True, slots=True)
class StationTally:
    """`counts` as the station judged; `changes` as corrected; `last` verdicts, oldest first, NO VERDICT left out."""

    counts: Counts
    changes: Changes = field(default_factory=dict)
    last: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class TallySpan:
    """Which inspections are counted: of a lot, or since a moment, judged for what and as which product.

    A batch scan beside the line must not count as parts of the shift; a line that is fed from a folder must.
    """

    lot: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    origin: Origin = Origin.PRODUCTION
    products: frozenset[str] | None = None
    """The names a product's rows bear (Product.on_record); None = of any product."""


def tally(db: Database, span: TallySpan, last: int = 0) -> StationTally:
    """All three at once; `last` is how many verdicts are wanted at most."""
    wanted = _conditions(span)
    by_outcome = select(InspectionRow.outcome, func.count(InspectionRow.id)).where(*wanted)
    strange = select(func.count(InspectionRow.id)).where(InspectionRow.unknown.is_(True), *wanted)
    with db.session() as session:
        found = {row[0]: row[1] for row in session.execute(by_outcome.group_by(InspectionRow.outcome))}
        unknown = session.execute(strange).scalar_one()
    counts = Counts(**{name: found.get(str(outcome), 0) for outcome, name in NAMES.items()}, unknown=unknown)
    return StationTally(counts, changes(db, span), _last(db, wanted, last))


def changes(db: Database, span: TallySpan) -> Changes:
    """How many verdicts were corrected, and to what."""
    said = (
        select(InspectionRow.outcome, OverrideRow.outcome, func.count(StandingRow.inspection_id))
        .join(StandingRow, StandingRow.inspection_id == InspectionRow.id)
        .join(OverrideRow, OverrideRow.id == StandingRow.override_id)
        .where(InspectionRow.outcome != OverrideRow.outcome, *_conditions(span))
        .group_by(InspectionRow.outcome, OverrideRow.outcome)
    )
    with db.session() as session:
        return {(Outcome(row[0]), Outcome(row[1])): row[2] for row in session.execute(said)}


def corrected(counts: Counts, changes: Changes) -> Counts:
    """The counts after the inspector's word: every part once, under what holds of it now."""
    values = {outcome: int(getattr(counts, name)) for outcome, name in NAMES.items()}
    for (judged, said), number in changes.items():
        values[judged] -= number
        values[said] += number
    return Counts(**{NAMES[outcome]: max(0, value) for outcome, value in values.items()})


def _conditions(span: TallySpan) -> list[ColumnElement[bool]]:
    return conditions(
        Filter(lot=span.lot, since=span.since, until=span.until, origin=span.origin, products=span.products)
    )


def _last(db: Database, wanted: list[ColumnElement[bool]], limit: int) -> tuple[Outcome, ...]:
    if not limit:
        return ()
    newest = (
        select(InspectionRow.outcome)
        .where(InspectionRow.outcome != str(Outcome.NO_VERDICT), *wanted)
        .order_by(InspectionRow.inspected_at.desc(), InspectionRow.id.desc())
        .limit(limit)
    )
    with db.session() as session:
        return tuple(Outcome(word) for word in reversed(session.scalars(newest).all()))
