"""Who may work here: names with a role and a PIN, kept as Argon2id hashes (RFC 9106) and never plain.

A PIN keeps colleagues apart at the station; four digits do not withstand somebody who copies the database and tries
them all. Hashing takes some 50 ms by design: call `add_user`, `set_pin` and `check_pin` on a job.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from weakref import WeakKeyDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.store.schema import UserRow
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import utc_now
from engine.errors import InputError, UsageError

Role = Literal["operator", "reviewer", "engineer"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
NAME_LENGTH: Final = 64
FREE_TRIES: Final = 5
"""Wrong PINs in a row before the waiting begins."""
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 300.0
_PIN = re.compile(r"[0-9]{4,12}")
_HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may work here. Names are never taken away, only made inactive."""

    name: str
    role: Role
    active: bool
    has_pin: bool
    made_at: datetime

    @property
    def may_approve(self) -> bool:
        """An active engineer with a PIN."""
        return self.active and self.has_pin and self.role == "engineer"


class WrongPin(InputError):
    """The name and the PIN do not go together, or it was tried too often; `wait_s` until the next try counts."""

    def __init__(self, message: str, remedy: str = "", wait_s: float = 0.0) -> None:
        super().__init__(message, remedy)
        self.wait_s = wait_s

    def __reduce__(self) -> tuple[type[WrongPin], tuple[object, ...]]:
        """Picklable, with the wait."""
        return type(self), (self.message, self.remedy, self.wait_s)


def list_users(db: Database) -> tuple[User, ...]:
    """Everybody, also the inactive, by name."""
    with db.session() as session:
        return tuple(_user(row) for row in session.scalars(select(UserRow).order_by(func.lower(UserRow.name))))


def may_require_pin(db: Database) -> bool:
    """Whether an active engineer has a PIN: without one nobody could take the requirement back."""
    return any(user.may_approve for user in list_users(db))


def add_user(db: Database, name: str, role: Role, pin: str, by: str) -> User:
    """A new user; `pin` empty = none yet. Raises InputError for a bad or known name, a bad role or PIN."""
    name, hashed = _good_name(name), _hashed(pin) if pin else ""
    _check_role(role)
    with db.writing() as session:
        known = {other.casefold(): other for other in session.scalars(select(UserRow.name))}
        if name.casefold() in known:
            raise InputError(f"There is a user {known[name.casefold()]} already.", "Choose another name.")
        made_at = utc_now()
        values = {"name": name, "role": role, "pin_hash": hashed, "active": True, "made_at": made_at}
        session.execute(insert(UserRow), [values])
        audit.note(session, by, "user added", f"{name}, {role}{'' if pin else ', without a PIN'}")
    return User(name, role, True, bool(hashed), made_at)


def set_pin(db: Database, name: str, pin: str, by: str) -> None:
    """Another PIN, 4 to 12 digits. Raises InputError for a bad PIN or an unknown user."""
    hashed = _hashed(pin)
    with db.writing() as session:
        _row(session, name).pin_hash = hashed
        audit.note(session, by, "PIN changed", name)
    _tries(db).right(name)


def set_role(db: Database, name: str, role: Role, by: str, *, pin_required: bool) -> None:
    """Another role. Raises InputError for the last engineer with a PIN while the station requires PINs."""
    _check_role(role)
    with db.writing() as session:
        row = _row(session, name)
        if row.role == role:
            return
        _keep_one_engineer(session, row, pin_required)
        before, row.role = row.role, role
        audit.note(session, by, "role changed", f"{name}: {before} → {role}")


def deactivate(db: Database, name: str, by: str, *, pin_required: bool) -> None:
    """No more work under this name. Raises InputError for the last engineer with a PIN while PINs are required."""
    with db.writing() as session:
        row = _row(session, name)
        if row.active:
            _keep_one_engineer(session, row, pin_required)
            row.active = False
            audit.note(session, by, "user deactivated", name)


def reactivate(db: Database, name: str, by: str) -> None:
    """Work under this name again, with the role and PIN of before."""
    with db.writing() as session:
        row = _row(session, name)
        if not row.active:
            row.active = True
            audit.note(session, by, "user activated", name)


def check_pin(db: Database, name: str, pin: str, clock: Callable[[], float] = time.monotonic) -> User:
    """The active user with this name and PIN. Raises WrongPin, as slowly for an unknown name as for a wrong PIN.

    From the fifth wrong PIN on, further tries for the name count only after a wait that doubles: 5 s … 5 minutes.
    The waits are kept in memory and end with the program. `clock`: seconds.
    """
    with db.session() as session:
        row = session.get(UserRow, name)
        user = _user(row) if row is not None else None
        hashed = row.pin_hash if row is not None else ""
    tries = _tries(db)
    # Unknown names share one count, so that inventing names fills no memory.
    counted = name if user is not None else ""
    tries.begin(counted, clock())
    right = _verified(hashed if user is not None and user.active else "", pin)
    if user is None or not right:
        wait = tries.wait(counted, clock())
        raise _too_often(wait) if wait > 0 else WrongPin("That is not the right PIN.", "Try again.")
    tries.right(counted)
    if _HASHER.check_needs_rehash(hashed):
        renewed = _hashed(pin)
        with db.writing() as session:
            current = _row(session, name)
            if current.pin_hash == hashed:
                current.pin_hash = renewed
    return user


class _Tries:
    """Wrong PINs in a row by name, and until when the next does not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}

    def begin(self, name: str, now: float) -> None:
        """Count a try before it is checked, so that tries at the same time do not pass by. Raises WrongPin."""
        with self._lock:
            wrong, until = self._wrong.get(name, (0, 0.0))
            if now < until:
                raise _too_often(until - now)
            wrong += 1
            wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(16, wrong - FREE_TRIES)) if wrong >= FREE_TRIES else 0
            self._wrong[name] = (wrong, now + wait)

    def wait(self, name: str, now: float) -> float:
        """Seconds until the next try counts."""
        with self._lock:
            return max(0.0, self._wrong.get(name, (0, 0.0))[1] - now)

    def right(self, name: str) -> None:
        """A right PIN, or a new one, forgives."""
        with self._lock:
            self._wrong.pop(name, None)


_all_tries: WeakKeyDictionary[Database, _Tries] = WeakKeyDictionary()
_making = threading.Lock()


def _tries(db: Database) -> _Tries:
    with _making:
        return _all_tries.setdefault(db, _Tries())


def _too_often(wait_s: float) -> WrongPin:
    seconds = max(1, round(wait_s))
    return WrongPin("That PIN was wrong too often.", f"Wait {seconds} s, then try again.", wait_s)


def _verified(hashed: str, pin: str) -> bool:
    """Whether the PIN gave this hash; without a hash the same work is done for nothing."""
    try:
        _HASHER.verify(hashed or _dummy(), pin[:64])
    except (VerificationError, InvalidHashError):
        return False
    return bool(hashed)


_DUMMY: list[str] = []


def _dummy() -> str:
    """The hash of no PIN, with the parameters in force; made at its first use."""
    if not _DUMMY:
        _DUMMY.append(_HASHER.hash("no PIN"))
    return _DUMMY[0]


def _hashed(pin: str) -> str:
    if not _PIN.fullmatch(pin):
        raise InputError("A PIN has 4 to 12 digits.", "Choose another one.")
    return _HASHER.hash(pin)


def _good_name(name: str) -> str:
    good = " ".join(name.split())
    if not good or len(good) > NAME_LENGTH or not good.isprintable():
        raise InputError(f"A name has 1 to {NAME_LENGTH} letters.", "Choose another name.")
    return good


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"There is no role {role}.", f"Choose one of {', '.join(ROLES)}.")


def _row(session: Session, name: str) -> UserRow:
    row = session.get(UserRow, name)
    if row is None:
        raise InputError(f"There is no user {name}.", "Add the user first.")
    return row


def _keep_one_engineer(session: Session, row: UserRow, pin_required: bool) -> None:
    if not pin_required or not _user(row).may_approve:
        return
    others = session.scalars(select(UserRow).where(UserRow.name != row.name))
    if not any(_user(other).may_approve for other in others):
        raise InputError(
            f"{row.name} is the last engineer with a PIN.", "Make somebody else engineer, or require no PIN any more."
        )


def _user(row: UserRow) -> User:
    role = next((known for known in ROLES if known == row.role), ROLES[0])
    return User(row.name, role, row.active, bool(row.pin_hash), row.made_at)
