"""Comments on inspections: append-only notes beside the overrides; they change no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from db.store.schema import CommentRow, InspectionRow
from db.store.session import Database
from engine.errors import InputError

LONGEST = 2000
"""Characters of one comment."""
IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Comment:
    """Who noted what, when."""

    at: datetime
    who: str
    text: str


def add_comment(db: Database, ids: Sequence[str], who: str, text: str, at: datetime) -> Comment:
    """Append the same comment to each of these inspections, to all or to none.

    Returns it as it is stored. Raises InputError for an empty or too long one, and for an unknown inspection;
    StorageError.
    """
    comment = Comment(at, who, text.strip())
    if not comment.text:
        raise InputError("The comment is empty.", "Type what is to be noted.")
    if len(comment.text) > LONGEST:
        raise InputError(f"The comment is longer than {LONGEST} characters.", "Shorten it.")
    wanted = list(dict.fromkeys(ids))
    with db.writing() as session:
        known = 0
        for start in range(0, len(wanted), IDS_AT_ONCE):
            some = InspectionRow.id.in_(wanted[start : start + IDS_AT_ONCE])
            known += session.execute(select(func.count(InspectionRow.id)).where(some)).scalar_one()
        if known != len(wanted):
            raise InputError("There is no such inspection to comment on.", "Record it before commenting on it.")
        rows = [{"inspection_id": id, "at": at, "who": who, "text": comment.text} for id in wanted]
        if rows:
            session.execute(insert(CommentRow), rows)
    return comment


def comments_of(db: Database, inspection_id: str) -> tuple[Comment, ...]:
    """All comments on an inspection, oldest first."""
    rows = select(CommentRow).where(CommentRow.inspection_id == inspection_id).order_by(CommentRow.serial)
    with db.session() as session:
        return tuple(Comment(row.at, row.who, row.text) for row in session.scalars(rows))
