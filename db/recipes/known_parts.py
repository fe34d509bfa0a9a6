"""Parts whose truth is known: what the thresholds of a recipe are weighed by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.inspections.filters import Filter, conditions
from db.inspections.paging import Stored, as_stored, stored_rows
from db.store.schema import KEPT, InspectionRow, PictureRow, StandingRow
from db.store.session import Database
from engine.domain.inspection import Outcome, Region, Scores
from engine.names import folder_name

LOOKED_AT = 20_000
"""So many of a model's newest inspections are searched for a known truth."""
MOST = 4_000
CHUNK = 500
NEWEST = (InspectionRow.inspected_at.desc(), InspectionRow.id.desc())


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """What the model said of a part, before any threshold, and what it truly is."""

    scores: Scores
    regions: tuple[Region, ...]
    defective: bool


def known_parts(
    db: Database,
    model: str,
    classes: Collection[str],
    ok_classes: Collection[str],
    products: frozenset[str] | None = None,
) -> list[ScoredPart]:
    """The model's parts somebody corrected or confirmed, then those whose folder is named as a class, newest first.

    Parts the demo line made know their truth too. At most `MOST`; NO VERDICT is left out, and what the model does not
    know: no threshold decides on them. `products`: as in Filter.
    """
    mine = (
        InspectionRow.model_version == model,
        InspectionRow.outcome != str(Outcome.NO_VERDICT),
        InspectionRow.unknown.is_(False),
        *conditions(Filter(products=products)),
    )
    told = select(StandingRow.inspection_id).order_by(StandingRow.override_id.desc()).limit(MOST)
    named = InspectionRow.truth.is_not(None) | (InspectionRow.name != "")
    with db.session() as session:
        ids = list(session.scalars(told))
        # By time, not by a list of ids: the model's newest rows are one stretch of an index.
        last = select(InspectionRow.inspected_at).where(mine[0]).order_by(InspectionRow.inspected_at.desc())
        since = session.scalar(last.offset(LOOKED_AT).limit(1))
        recent = stored_rows().where(*mine, named, *([InspectionRow.inspected_at > since] if since else []))
        rows = _by_id(session, ids, mine)
        rows += [as_stored(row) for row in session.execute(recent.order_by(*NEWEST).limit(MOST))]
    unlike = {row.inspection.id: row for row in rows}
    found = [_known(row, set(classes), set(ok_classes)) for row in unlike.values()]
    return [part for part in found if part is not None][:MOST]


def with_pictures(db: Database, limit: int, products: frozenset[str] | None = None) -> list[Stored]:
    """The newest inspections whose picture is archived, newest first. `products`: as in Filter."""
    # Ids begin with the time they were made at: their order is that of the pictures, along the primary key.
    kept = select(PictureRow.inspection_id).where(PictureRow.state == KEPT, PictureRow.image.is_not(None))
    if products is not None:
        kept = kept.join(InspectionRow, InspectionRow.id == PictureRow.inspection_id)
        kept = kept.where(*conditions(Filter(products=products)))
    with db.session() as session:
        ids = list(session.scalars(kept.order_by(PictureRow.inspection_id.desc()).limit(limit)))
        return _by_id(session, ids, ())


def _by_id(session: Session, ids: Sequence[str], wanted: Sequence[ColumnElement[bool]]) -> list[Stored]:
    """These inspections as far as they fulfil the conditions, in this order."""
    found: dict[str, Stored] = {}
    for start in range(0, len(ids), CHUNK):
        rows = stored_rows().where(InspectionRow.id.in_(ids[start : start + CHUNK]), *wanted)
        found |= {row.inspection.id: row for row in map(as_stored, session.execute(rows))}
    return [found[id] for id in ids if id in found]


def _known(row: Stored, classes: set[str], ok_classes: set[str]) -> ScoredPart | None:
    inspection = row.inspection
    if row.override is not None:
        if row.override.outcome not in (Outcome.OK, Outcome.NG):
            return None
        defective = row.override.outcome is Outcome.NG
    else:
        truth = inspection.frame.truth or folder_name(inspection.frame.name)
        if truth not in classes | ok_classes:
            return None
        defective = truth not in ok_classes
    return ScoredPart(inspection.scores, inspection.regions, defective)
