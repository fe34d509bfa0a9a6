"""Alarms: appended, acknowledged by appending who and when, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from db.store.schema import AlarmAckRow, AlarmRow
from db.store.session import Database
from engine.domain.inspection import new_id, utc_now
from engine.station.alarms import AlarmKind


@dataclass(frozen=True, slots=True)
class StoredAlarm:
    """One alarm as it was shown, and who acknowledged it when (None, empty = nobody yet)."""

    id: str
    at: datetime
    kind: str
    """As engine.station.alarms.AlarmKind."""
    message: str
    """In the language it was shown in."""
    lot: str = ""
    inspection_id: str | None = None
    """The part that set it off."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""


def called(kind: AlarmKind, message: str, lot: str = "", inspection_id: str | None = None) -> StoredAlarm:
    """An alarm raised now, not stored yet."""
    now = utc_now()
    return StoredAlarm(new_id(now), now, str(kind), message, lot, inspection_id)


def add(db: Database, alarm: StoredAlarm) -> None:
    """Append an alarm; nothing happens when it is there already. Raises StorageError."""
    with db.writing() as session:
        _add(session, alarm)


def acknowledge(db: Database, alarm: StoredAlarm, who: str, at: datetime) -> bool:
    """Append that `who` has seen it; False when somebody had before. Raises StorageError.

    The alarm itself is appended first where it is not stored yet, so that nobody can be too quick for it.
    """
    with db.writing() as session:
        _add(session, alarm)
        if session.get(AlarmAckRow, alarm.id) is not None:
            return False
        session.execute(insert(AlarmAckRow), [{"alarm_id": alarm.id, "at": at, "who": who}])
        return True


def unacknowledged(db: Database, limit: int = 100) -> tuple[StoredAlarm, ...]:
    """The newest alarms nobody acknowledged, oldest first."""
    with db.session() as session:
        waiting = _rows().where(AlarmAckRow.alarm_id.is_(None)).order_by(AlarmRow.serial.desc()).limit(limit)
        return tuple(reversed(_stored(session, waiting)))


def list_alarms(db: Database, limit: int = 1000) -> tuple[StoredAlarm, ...]:
    """The newest alarms, newest first."""
    with db.session() as session:
        return _stored(session, _rows().order_by(AlarmRow.serial.desc()).limit(limit))


def _rows() -> Select[AlarmRow, AlarmAckRow]:
    return select(AlarmRow, AlarmAckRow).join(AlarmAckRow, AlarmAckRow.alarm_id == AlarmRow.id, isouter=True)


def _stored(session: Session, rows: Select[AlarmRow, AlarmAckRow]) -> tuple[StoredAlarm, ...]:
    found: list[StoredAlarm] = []
    for row in session.execute(rows):
        alarm = row[0]
        ack: AlarmAckRow | None = row[1]  # of an outer join, which its type does not tell
        seen = (ack.at, ack.who) if ack is not None else (None, "")
        found.append(StoredAlarm(alarm.id, alarm.at, alarm.kind, alarm.message, alarm.lot, alarm.inspection_id, *seen))
    return tuple(found)


def _add(session: Session, alarm: StoredAlarm) -> None:
    if session.scalars(select(AlarmRow.serial).where(AlarmRow.id == alarm.id)).first() is not None:
        return
    values = {
        "id": alarm.id,
        "at": alarm.at,
        "kind": alarm.kind,
        "message": alarm.message,
        "lot": alarm.lot,
        "inspection_id": alarm.inspection_id,
    }
    session.execute(insert(AlarmRow), [values])
