"""Who did what: an append-only trail of what changes the station's judgement or its records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.store.schema import AuditRow
from db.store.session import Database
from engine.domain.inspection import utc_now


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail."""

    at: datetime
    who: str
    what: str
    detail: str


def record(db: Database, who: str, what: str, detail: str = "") -> None:
    """Append one entry. Raises StorageError."""
    with db.writing() as session:
        note(session, who, what, detail)


def note(session: Session, who: str, what: str, detail: str = "") -> None:
    """Append one entry inside the transaction of what it is about: both are kept or neither."""
    session.execute(insert(AuditRow), [{"at": utc_now(), "who": who, "what": what, "detail": detail}])


def entries(db: Database, limit: int = 1000) -> tuple[Entry, ...]:
    """The newest entries, newest first."""
    with db.session() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.serial.desc()).limit(limit))
        return tuple(Entry(row.at, row.who, row.what, row.detail) for row in rows)
