"""Users: PINs are hashed, wrong ones slow down, and the last engineer stays."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from db.store.session import Database
from db.users import users
from db.users.trail import entries
from db.users.users import WrongPin, add_user, check_pin, deactivate, list_users, reactivate, set_pin, set_role
from engine.errors import InputError


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least work, so that a test takes milliseconds."""
    monkeypatch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_right_pin_gives_the_user(db: Database) -> None:
    add_user(db, "  Ana  Lopez ", "engineer", "1234", "setup")
    user = check_pin(db, "Ana Lopez", "1234")
    assert (user.name, user.role, user.may_approve) == ("Ana Lopez", "engineer", True)


def test_pin_is_nowhere_in_the_files(db: Database, place: Path) -> None:
    add_user(db, "ana", "engineer", "73190428", "setup")
    set_pin(db, "ana", "9402817365", "ana")
    db.close()
    everything = b"".join(path.read_bytes() for path in place.parent.iterdir() if path.is_file())
    assert b"73190428" not in everything and b"9402817365" not in everything
    assert b"$argon2id$" in everything


@pytest.mark.parametrize("pin", ["123", "1234567890123", "12a4", "", "١٢٣٤"])
def test_bad_pin_is_refused_without_being_quoted(db: Database, pin: str) -> None:
    add_user(db, "ana", "operator", "", "setup")
    with pytest.raises(InputError, match="4 to 12 digits") as caught:
        set_pin(db, "ana", pin, "ana")
    assert not pin or pin not in str(caught.value).replace("4 to 12", "")
    assert not list_users(db)[0].has_pin


@pytest.mark.parametrize("name", ["", "   ", "a" * 65, "tab\x07"])
def test_bad_name_is_refused(db: Database, name: str) -> None:
    with pytest.raises(InputError):
        add_user(db, name, "operator", "1234", "setup")


def test_name_that_differs_in_case_only_is_the_same(db: Database) -> None:
    add_user(db, "Ana", "operator", "", "setup")
    with pytest.raises(InputError, match="Ana already"):
        add_user(db, "ana", "operator", "", "setup")


def test_unknown_inactive_and_pinless_are_told_alike(db: Database) -> None:
    add_user(db, "bob", "operator", "", "setup")
    add_user(db, "eve", "operator", "4321", "setup")
    deactivate(db, "eve", "setup", pin_required=False)
    said = []
    for name in ("nobody", "bob", "eve"):
        with pytest.raises(WrongPin) as caught:
            check_pin(db, name, "4321")
        said.append(str(caught.value))
    assert len(set(said)) == 1


def test_unknown_name_is_hashed_too(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Counting:
        def hash(self, pin: str) -> str:
            return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(pin)

        def verify(self, hashed: str, pin: str) -> bool:
            verified.append(hashed)
            return PasswordHasher().verify(hashed, pin)

    monkeypatch.setattr(users, "_HASHER", Counting())
    with pytest.raises(WrongPin):
        check_pin(db, "nobody", "1234")
    assert len(verified) == 1


def test_five_wrong_pins_begin_a_wait_that_grows(db: Database) -> None:
    add_user(db, "ana", "operator", "1234", "setup")
    clock = Clock()
    for _ in range(4):
        with pytest.raises(WrongPin) as caught:
            check_pin(db, "ana", "0000", clock)
        assert caught.value.wait_s == 0
    for wait in (5.0, 10.0, 20.0):
        with pytest.raises(WrongPin) as caught:
            check_pin(db, "ana", "0000", clock)
        assert caught.value.wait_s == wait
        with pytest.raises(WrongPin, match="Wait"):
            check_pin(db, "ana", "1234", clock)
        clock.now += wait
    assert check_pin(db, "ana", "1234", clock).name == "ana"
    with pytest.raises(WrongPin) as caught:
        check_pin(db, "ana", "0000", clock)
    assert caught.value.wait_s == 0


def test_wait_never_exceeds_five_minutes(db: Database) -> None:
    add_user(db, "ana", "operator", "1234", "setup")
    clock = Clock()
    waits = []
    for _ in range(20):
        with pytest.raises(WrongPin) as caught:
            check_pin(db, "ana", "0000", clock)
        waits.append(caught.value.wait_s)
        clock.now += caught.value.wait_s
    assert max(waits) == 300.0


def test_old_hash_is_renewed_at_the_next_right_pin(db: Database, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    add_user(db, "ana", "operator", "1234", "setup")
    monkeypatch.setattr(users, "_HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    check_pin(db, "ana", "1234")
    with sqlite3.connect(place) as connection:
        (hashed,) = connection.execute("SELECT pin_hash FROM users").fetchone()
    connection.close()
    assert "m=16,t=2,p=1" in hashed
    assert check_pin(db, "ana", "1234").name == "ana"


def test_last_engineer_stays_while_pins_are_required(db: Database) -> None:
    add_user(db, "ana", "engineer", "1234", "setup")
    add_user(db, "bob", "engineer", "", "setup")
    with pytest.raises(InputError, match="last engineer"):
        deactivate(db, "ana", "ana", pin_required=True)
    with pytest.raises(InputError, match="last engineer"):
        set_role(db, "ana", "operator", "ana", pin_required=True)
    set_pin(db, "bob", "5678", "ana")
    deactivate(db, "ana", "bob", pin_required=True)
    assert [u.name for u in list_users(db) if u.may_approve] == ["bob"]
    with pytest.raises(InputError, match="last engineer"):
        set_role(db, "bob", "reviewer", "bob", pin_required=True)
    set_role(db, "bob", "reviewer", "bob", pin_required=False)
    assert not users.may_require_pin(db)


def test_every_change_is_in_the_trail(db: Database) -> None:
    add_user(db, "ana", "operator", "1234", "setup")
    set_pin(db, "ana", "5678", "bob")
    set_role(db, "ana", "reviewer", "bob", pin_required=False)
    deactivate(db, "ana", "bob", pin_required=False)
    reactivate(db, "ana", "bob")
    trail = [(e.who, e.what, e.detail) for e in reversed(entries(db))]
    assert trail == [
        ("setup", "user added", "ana, operator"),
        ("bob", "PIN changed", "ana"),
        ("bob", "role changed", "ana: operator → reviewer"),
        ("bob", "user deactivated", "ana"),
        ("bob", "user activated", "ana"),
    ]
