"""Random audits: OK parts drawn by chance for a person who does not see the verdict, and what they tell of all parts.

Nobody looks at an OK part by himself, so escapes show only where OK parts are drawn at random. The answer is an
ordinary override, made in Review's blind mode; nothing here is ever changed.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from db.store.schema import InspectionRow, OverrideRow, RandomAuditRow, StandingRow
from db.store.session import Database
from engine.domain.inspection import Origin, Outcome
from engine.statistics.mistakes import Mistakes, Verdicts
from engine.statistics.shares import Share


@dataclass(frozen=True, slots=True)
class Estimate(Share):
    """A share of the parts that were looked at, and what it says of `all` parts of the period."""

    all: int

    @classmethod
    def scaled(cls, share: Share, to: int) -> Estimate:
        """The share with the number of parts it is to be scaled to."""
        return cls(share.count, share.of, to)

    @property
    def parts(self) -> tuple[float, float, float]:
        """Estimated number of such parts among `all`: low, likely, high; likely is nan when nothing was looked at."""
        low, high = self.interval
        return low * self.all, self.rate * self.all, high * self.all


@dataclass(frozen=True, slots=True)
class AuditEstimate:
    """What a period's audits and overrides say of all its parts.

    Escapes: audited OK parts that the inspector called NG ÷ audited OK parts he called OK or NG. They were drawn by
    chance, so the share holds for all OK parts. Overkill: NG parts overruled as OK ÷ NG parts with an OK or NG from a
    person. Those were chosen by people, so it holds for the reviewed parts, and for all only if they were not picked.
    """

    drawn: int
    unsure: int
    """Audited and sent to REVIEW: in no share."""
    escapes: Estimate
    overkill: Estimate
    one_in: tuple[int, ...]
    """The chances at which parts were drawn; more than one: the share weighs the parts of each by how many there were
    audited, so a period with one chance tells more."""

    @property
    def waiting(self) -> int:
        """Drawn and not answered yet."""
        return self.drawn - self.escapes.of - self.unsure


def drawn(one_in: int) -> bool:
    """Whether this part is audited: with a chance of 1 in `one_in`, from the system's random source; 0 = never."""
    return one_in > 0 and secrets.randbelow(one_in) == 0


def waiting(db: Database) -> int:
    """How many audited parts nobody has answered yet, of all times."""
    standing = aliased(StandingRow)
    answered = select(standing.inspection_id).where(standing.inspection_id == RandomAuditRow.inspection_id).exists()
    with db.session() as session:
        return session.execute(select(func.count()).select_from(RandomAuditRow).where(~answered)).scalar_one()


def estimate(
    db: Database,
    since: datetime,
    until: datetime,
    *,
    ok_parts: int,
    ng_parts: int,
    lot: str | None = None,
    recipe: str | None = None,
    model: str | None = None,
    origins: frozenset[Origin] | None = None,
    products: frozenset[str] | None = None,
) -> AuditEstimate:
    """Escapes and overkill of the parts inspected in since ≤ t < until.

    `ok_parts` and `ng_parts`: how many the station called so there (`statistics.overall`); None = any lot, recipe,
    model version, judged for anything, and of any product (by the names its rows bear).
    """
    within = _within(since, until, lot, recipe, model)
    within += [] if origins is None else [InspectionRow.origin.in_(sorted(map(str, origins)))]
    within += [] if products is None else [InspectionRow.product.in_(sorted(products))]
    with db.session() as session:
        found = [(int(one_in), outcome, int(count)) for one_in, outcome, count in session.execute(_audited(within))]
        said = {str(outcome): int(n) for outcome, n in session.execute(_reviewed(within))}
    ok, ng = str(Outcome.OK), str(Outcome.NG)
    answers: Counter[str | None] = Counter()
    for _, outcome, count in found:
        answers[outcome] += count
    # Apart: the ones were drawn by chance, the others picked by people.
    audited = Mistakes(sound=Verdicts(ok=answers[ok]), defective=Verdicts(ok=answers[ng]))
    reviewed = Mistakes(sound=Verdicts(ng=said.get(ok, 0)), defective=Verdicts(ng=said.get(ng, 0)))
    return AuditEstimate(
        drawn=answers.total(),
        unsure=answers.total() - answers[None] - answers[ok] - answers[ng],
        escapes=Estimate.scaled(audited.escaped_among_ok, ok_parts),
        overkill=Estimate.scaled(reviewed.sound_among_ng, ng_parts),
        one_in=tuple(sorted({one_in for one_in, *_ in found})),
    )


_Where = list[ColumnElement[bool]]


def _within(since: datetime, until: datetime, lot: str | None, recipe: str | None, model: str | None) -> _Where:
    row = InspectionRow
    within: _Where = [row.inspected_at >= since, row.inspected_at < until]
    for column, value in ((row.lot, lot), (row.recipe_name, recipe), (row.model_version, model)):
        within += [] if value is None else [column == value]
    return within


def _audited(within: _Where) -> Select[*tuple[Any, ...]]:
    """Audits by their chance and the answer in force; None = no answer."""
    return (
        select(RandomAuditRow.one_in, OverrideRow.outcome, func.count())
        .select_from(RandomAuditRow)
        .join(InspectionRow, InspectionRow.id == RandomAuditRow.inspection_id)
        .outerjoin(StandingRow, StandingRow.inspection_id == InspectionRow.id)
        .outerjoin(OverrideRow, OverrideRow.id == StandingRow.override_id)
        .where(*within)
        .group_by(RandomAuditRow.one_in, OverrideRow.outcome)
    )


def _reviewed(within: _Where) -> Select[*tuple[Any, ...]]:
    """NG parts with an override in force, by what it says."""
    return (
        select(OverrideRow.outcome, func.count())
        .select_from(StandingRow)
        .join(OverrideRow, OverrideRow.id == StandingRow.override_id)
        .join(InspectionRow, InspectionRow.id == StandingRow.inspection_id)
        .where(InspectionRow.outcome == str(Outcome.NG), *within)
        .group_by(OverrideRow.outcome)
    )
