"""How long pictures are kept: the oldest leave by age and by size; verdicts, overrides and painted masks stay.

What stays whatever its age: pictures whose correction no export holds yet, pictures drawn for a random audit that
nobody answered, and, where the station says so, every picture with an override in force (it is training data). By
their age no pictures leave while the record speaks against the clock (clock.py), unless a person is `sure`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from db.datasets.samples import TRUTHS
from db.images.archive import Archive
from db.maintenance.clock import CONFIRMED, doubt
from db.maintenance.leaving import check_archive, tidy, unlink
from db.store.schema import (
    KEPT,
    LOST,
    ExportItemRow,
    InspectionRow,
    OverrideRow,
    PictureRow,
    RandomAuditRow,
    StandingRow,
)
from db.store.session import Database
from db.users import trail as audit
from engine.errors import EnvironmentFailure, InputError, LinesideError
from engine.settings import Retention

REMOVED: Final = "removed by retention"
"""How the `why` of a picture that left on purpose begins; `verify` finds nothing wrong with it."""
GIGABYTE: Final = 1024**3
FORECAST_DAYS: Final = 7
BATCH: Final = 50
"""Pictures in one transaction: recorders wait some milliseconds for it."""
PAUSE_S: Final = 0.01
"""Between two transactions, so that a recorder that waits comes first."""
AT_ONCE: Final = 20_000
"""Pictures looked up at once."""
HEAT_SAMPLE: Final = 100
"""The database does not know how large heat maps are: so many of the newest are measured and stand for all."""
TOLD: Final = 20
_OWN = InspectionRow.id == PictureRow.inspection_id
_IS_KEPT = and_(PictureRow.state == KEPT, or_(PictureRow.image.is_not(None), PictureRow.heat.is_not(None)))


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """What would leave now: pictures and bytes (heat maps estimated). Times are of the inspections."""

    pictures: int
    bytes: int
    kept_pictures: int
    """How many are left then, with those that stay whatever their age."""
    kept_bytes: int
    oldest_kept: datetime | None
    doubt: EnvironmentFailure | None = None
    """Why the clock's word is not taken for how old pictures are; None where it is, or where no limit asks for it."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What left. `failed`: inspection id and why its picture is still there, of the first TOLD; `failures`: all."""

    pictures: int = 0
    bytes: int = 0
    failures: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    cancelled: bool = False
    doubt: EnvironmentFailure | None = None
    """Why nothing left by its age."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How the archive grows: bytes a day over the last FORECAST_DAYS days, and when what is full."""

    kept_bytes: int
    bytes_a_day: float
    free_bytes: int
    limit_in_days: float | None
    """Until the size limit of the retention is reached (0 = it is); None = it never is, or there is none."""
    disk_in_days: float | None
    """Until the disk is full; None = never, as pictures leave before or none come."""


class _Going(NamedTuple):
    """One picture that leaves, and why."""

    id: str
    bytes: int
    why: str


def plan(db: Database, retention: Retention, now: datetime, *, sure: bool = False) -> RemovalPlan:
    """What `carry_out` would remove. Raises StorageError."""
    with db.session() as session:
        heat = _heat_bytes(session, db.archive)
        total, count = _total(session, heat)
        why_not = _doubt(session, retention, now)
        wanted = retention if sure or why_not is None else by_size(retention)
        going = [(g.id, g.bytes) for g in _going(session, wanted, now, total, heat)]
        gone = sum(bytes_ for _, bytes_ in going)
        oldest = _oldest_after(session, retention, len(going))
    return RemovalPlan(len(going), gone, count - len(going), max(0, total - gone), oldest, why_not)


def carry_out(
    db: Database,
    retention: Retention,
    now: datetime,
    who: str,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    sure: bool = False,
) -> Removed:
    """Remove what the retention no longer keeps, oldest first; the rows say so, and one audit entry counts it.

    A file is gone before its row says so, so that a crash leaves no file behind: the next time finds the row again.
    `cancelled` is asked between transactions. A person who is `sure` takes the clock's word whatever the record says,
    which then stands in the trail. Raises StorageError when the archive or the database cannot be had.
    """
    if not retention.days and not retention.gigabytes:
        return Removed()
    with db.session() as session:
        why_not = _doubt(session, retention, now)
    if why_not is None or not sure:
        done = _carry_out(db, retention if why_not is None else by_size(retention), now, who, cancelled)
        return replace(done, doubt=why_not)
    audit.record(db, who, CONFIRMED, why_not.message)
    return _carry_out(db, retention, now, who, cancelled)


def _carry_out(db: Database, retention: Retention, now: datetime, who: str, cancelled: Callable[[], bool]) -> Removed:
    done = Removed()
    tried: set[str] = set()
    try:
        while not done.cancelled:
            going = [g for g in _look_up(db, retention, now) if g.id not in tried]
            if not going:
                return done
            check_archive(db.archive)
            for start in range(0, len(going), BATCH):
                if cancelled():
                    done = Removed(done.pictures, done.bytes, done.failures, done.failed, True)
                    break
                batch = going[start : start + BATCH]
                tried.update(g.id for g in batch)
                done = _sum(done, _remove(db, retention, batch, now))
                time.sleep(PAUSE_S)
        return done
    finally:
        if done.pictures:
            tidy(db.archive, now)
            failures = f", {done.failures} could not be removed" if done.failures else ""
            words = f"{done.pictures} pictures, {done.bytes / 1e6:.1f} MB{failures}; kept: {_rule(retention)}"
            audit.record(db, who, REMOVED, words)


def forecast(db: Database, retention: Retention, now: datetime) -> Forecast:
    """How fast the archive grows and when it is full. Raises StorageError."""
    since = now - timedelta(days=FORECAST_DAYS)
    archived = select(
        func.count(PictureRow.heat), func.sum(PictureRow.image_bytes), func.min(InspectionRow.inspected_at)
    )
    archived = archived.join_from(PictureRow, InspectionRow, _OWN)
    with db.session() as session:
        heat = _heat_bytes(session, db.archive)
        total, _ = _total(session, heat)
        of_week = archived.where(InspectionRow.inspected_at >= since, InspectionRow.inspected_at <= now)
        heats, bytes_, first = session.execute(of_week).one()
        kept = select(func.min(InspectionRow.inspected_at)).join_from(InspectionRow, PictureRow, _OWN)
        oldest = session.execute(kept.where(_IS_KEPT)).scalar_one()
    # A station of some hours has no week to divide by; less than a day would promise too much.
    days = min(FORECAST_DAYS, max(1.0, (now - first) / timedelta(days=1))) if first else 1.0
    rate = ((bytes_ or 0) + (heats or 0) * heat) / days
    free = db.archive.free_bytes()
    grows = max(0.0, retention.days - (now - oldest) / timedelta(days=1)) if retention.days and oldest else None
    room = max(0.0, retention.gigabytes * GIGABYTE - total) if retention.gigabytes else None
    limit = None if room is None else _within(room, rate, grows)
    disk = _within(free, rate, grows) if room is None or room > free else None
    return Forecast(total, rate, free, limit, disk)


def _within(room: float, rate: float, grows_days: float | None) -> float | None:
    """Days until `room` is taken; None when nothing comes, or when age takes pictures away before."""
    if rate <= 0:
        return None
    days = room / rate
    return None if grows_days is not None and days > grows_days else days


# ── which ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _look_up(db: Database, retention: Retention, now: datetime) -> list[_Going]:
    with db.session() as session:
        heat = _heat_bytes(session, db.archive)
        total, _ = _total(session, heat)
        found = _going(session, retention, now, total, heat)
        return [g for _, g in zip(range(AT_ONCE), found, strict=False)]


def _doubt(session: Session, retention: Retention, now: datetime) -> EnvironmentFailure | None:
    """Asked only where a picture would leave by its age."""
    kept = select(func.min(InspectionRow.inspected_at)).join_from(InspectionRow, PictureRow, _OWN)
    oldest = session.execute(kept.where(_IS_KEPT, *_may_go(retention))).scalar_one() if retention.days else None
    if oldest is None or oldest >= now - timedelta(days=retention.days):
        return None
    return doubt(session, oldest, now)


def by_size(retention: Retention) -> Retention:
    """The same without a limit in days."""
    return retention.model_copy(update={"days": 0})


def _going(session: Session, retention: Retention, now: datetime, total: int, heat: int) -> Iterator[_Going]:
    """Oldest first, until neither age nor size asks for more."""
    before = now - timedelta(days=retention.days) if retention.days else None
    limit = retention.gigabytes * GIGABYTE
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    columns = select(PictureRow.inspection_id, PictureRow.image_bytes, PictureRow.heat, InspectionRow.inspected_at)
    rows = columns.join_from(PictureRow, InspectionRow, _OWN).where(_IS_KEPT, *_may_go(retention))
    rows = rows.order_by(InspectionRow.inspected_at, InspectionRow.id)
    for id_, image_bytes, heat_path, at in session.execute(rows).yield_per(1000):
        bytes_ = image_bytes + (heat if heat_path else 0)
        if before is not None and at < before:
            yield _Going(id_, bytes_, f"{REMOVED} after {retention.days} days, {day}")
        elif limit and total > limit:
            yield _Going(id_, bytes_, f"{REMOVED} at {retention.gigabytes:g} GB, {day}")
        else:
            return
        total -= bytes_


def _may_go(retention: Retention) -> list[ColumnElement[bool]]:
    """What is not held back."""
    standing = select(StandingRow.inspection_id).where(StandingRow.inspection_id == PictureRow.inspection_id)
    exported = select(ExportItemRow.override_id).where(ExportItemRow.override_id == OverrideRow.id).exists()
    waiting = standing.join(OverrideRow, OverrideRow.id == StandingRow.override_id)
    waiting = waiting.where(and_(OverrideRow.outcome.in_(TRUTHS), ~exported))
    drawn = select(RandomAuditRow.inspection_id).where(RandomAuditRow.inspection_id == PictureRow.inspection_id)
    held = [~waiting.exists(), ~and_(drawn.exists(), ~standing.exists())]
    return [*held, ~standing.exists()] if retention.keep_corrected else held


def _oldest_after(session: Session, retention: Retention, going: int) -> datetime | None:
    """When the oldest picture that stays was inspected."""
    held = select(func.min(InspectionRow.inspected_at)).join_from(InspectionRow, PictureRow, _OWN)
    held = held.where(_IS_KEPT, ~and_(*_may_go(retention)))
    free = select(InspectionRow.inspected_at).join_from(InspectionRow, PictureRow, _OWN)
    free = free.where(_IS_KEPT, *_may_go(retention)).order_by(InspectionRow.inspected_at, InspectionRow.id)
    times = [session.execute(held).scalar_one(), session.execute(free.offset(going).limit(1)).scalar_one_or_none()]
    return min((at for at in times if at is not None), default=None)


def _total(session: Session, heat: int) -> tuple[int, int]:
    """Bytes and number of all kept pictures."""
    columns = select(func.sum(PictureRow.image_bytes), func.count(PictureRow.heat), func.count()).where(_IS_KEPT)
    bytes_, heats, count = session.execute(columns).one()
    return (bytes_ or 0) + heats * heat, count


def _heat_bytes(session: Session, archive: Archive) -> int:
    """The mean length of the newest heat maps, in bytes; 0 where there is none."""
    rows = select(PictureRow.heat).where(PictureRow.state == KEPT, PictureRow.heat.is_not(None))
    sizes = []
    for path in session.scalars(rows.order_by(PictureRow.archived_at.desc()).limit(HEAT_SAMPLE)):
        try:
            sizes.append(archive.path(path or "").stat().st_size)
        except (OSError, InputError):
            continue
    return round(sum(sizes) / len(sizes)) if sizes else 0


# ── removing ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _remove(db: Database, retention: Retention, batch: Sequence[_Going], now: datetime) -> Removed:
    """One transaction: what may still go (somebody may have corrected a part meanwhile) goes, file first, then row."""
    whys = {g.id: g.why for g in batch}
    columns = select(PictureRow.inspection_id, PictureRow.image, PictureRow.heat)
    wanted = columns.where(PictureRow.inspection_id.in_(whys), _IS_KEPT, *_may_go(retention))
    pictures, gone, failed = 0, 0, []
    with db.writing() as session:
        for id_, image, heat in session.execute(wanted).all():
            row = update(PictureRow).where(PictureRow.inspection_id == id_)
            try:
                gone += unlink(db.archive, heat)
                session.execute(row.values(heat=None, heat_sha256=None))
                gone += unlink(db.archive, image)
            except LinesideError as error:
                failed.append((id_, error.message))
                continue
            # image_bytes stays: the forecast counts what came, not what is left.
            session.execute(row.values(image=None, image_sha256=None, state=LOST, why=whys[id_], archived_at=now))
            pictures += 1
    return Removed(pictures, gone, len(failed), tuple(failed))


def _rule(retention: Retention) -> str:
    days = f"{retention.days} days" if retention.days else ""
    size = f"{retention.gigabytes:g} GB" if retention.gigabytes else ""
    return " and ".join(part for part in (days, size) if part)


def _sum(one: Removed, other: Removed) -> Removed:
    failed = (*one.failed, *other.failed)[:TOLD]
    return Removed(one.pictures + other.pictures, one.bytes + other.bytes, one.failures + other.failures, failed)
