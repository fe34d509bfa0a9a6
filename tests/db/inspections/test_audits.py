"""Random audits: what is drawn, that it is kept with its part, and what the answers tell."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.images.archive import Archive
from db.inspections import audits, overrides
from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.inspection import Outcome
from tests.db import make

DAY = timedelta(days=1)


def draw(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Have the system's random source say these."""
    left = list(numbers)
    monkeypatch.setattr("db.inspections.audits.secrets.randbelow", lambda _below: left.pop(0))


def test_ok_part_drawn_by_chance_is_kept_with_its_picture(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(monkeypatch, 3, 0, 1)
    with Recorder(db, audit_every=10) as recorder:
        for number, outcome in enumerate((Outcome.OK, Outcome.NG, Outcome.OK, Outcome.REVIEW, Outcome.OK)):
            made = make.inspection(number, outcome)
            recorder(made, make.recipe(), make.frame_of(made), make.prediction_of(made))
        assert audits.waiting(db) == 1, "it is stored in the commit of its part"
    stored = inspections.get(db, make.inspection(2).id)
    assert stored is not None
    assert stored.image is not None
    assert Archive(db.archive_folder).load(stored.image).shape == (32, 48)
    left = inspections.get(db, make.inspection(0).id)
    assert left is not None
    assert left.image is None
    found = audits.estimate(db, make.START, make.START + DAY, ok_parts=3, ng_parts=1)
    assert (found.drawn, found.waiting, found.one_in) == (1, 1, (10,))


def test_nothing_is_drawn_without_the_setting(db: Database) -> None:
    with Recorder(db) as recorder:
        for number in range(5):
            made = make.inspection(number, Outcome.OK)
            recorder(made, make.recipe(1), make.frame_of(made), make.prediction_of(made))
    assert audits.waiting(db) == 0


def test_every_part_is_drawn_at_one_in_one_and_about_half_at_one_in_two() -> None:
    assert all(audits.drawn(1) for _ in range(20))
    assert not any(audits.drawn(0) for _ in range(20))
    # The chance to miss these bounds by luck is below 1 in 10¹².
    assert 320 < sum(audits.drawn(2) for _ in range(1000)) < 680


def store(db: Database) -> None:
    """40 audited OK parts, 20 NG parts; 30 audits answered: 3 NG, 26 OK, 1 unsure; 10 NG parts reviewed: 2 OK."""
    ok = [make.inspection(n, Outcome.OK) for n in range(40)]
    ng = [make.inspection(100 + n, Outcome.NG) for n in range(20)]
    inspections.add(db, [NewInspection(m, audit_one_in=50) for m in ok] + [NewInspection(m) for m in ng])
    for number, part in enumerate(ok[:30]):
        outcome = Outcome.NG if number < 3 else Outcome.REVIEW if number == 3 else Outcome.OK
        overrides.add_override(db, make.override(part, outcome, "scratch" if outcome is Outcome.NG else ""))
    for number, part in enumerate(ng[:10]):
        overrides.add_override(db, make.override(part, Outcome.OK if number < 2 else Outcome.NG, "scratch"))


def test_estimate_scales_the_audited_share_to_all_parts(db: Database) -> None:
    store(db)
    assert audits.waiting(db) == 10
    found = audits.estimate(db, make.START, make.START + DAY, ok_parts=2000, ng_parts=20)
    assert (found.drawn, found.unsure, found.waiting) == (40, 1, 10)
    assert (found.escapes.count, found.escapes.of) == (3, 29)
    # Wilson's interval of 3 in 29, worked by hand.
    assert found.escapes.interval == pytest.approx((0.0358, 0.2639), abs=2e-4)
    low, likely, high = found.escapes.parts
    assert likely == pytest.approx(2000 * 3 / 29)
    assert (low, high) == pytest.approx((71.6, 527.8), rel=0.01)
    assert (found.overkill.count, found.overkill.of, found.overkill.all) == (2, 10, 20)


def test_estimate_keeps_to_its_period_and_lot(db: Database) -> None:
    store(db)
    later = audits.estimate(db, make.START + DAY, make.START + 2 * DAY, ok_parts=0, ng_parts=0)
    assert (later.drawn, later.escapes.of, later.overkill.of) == (0, 0, 0)
    assert later.escapes.interval == (0.0, 1.0)
    other = audits.estimate(db, make.START, make.START + DAY, ok_parts=0, ng_parts=0, lot="L2")
    assert other.drawn == 0
    same = audits.estimate(
        db, make.START, make.START + DAY, ok_parts=1, ng_parts=1, lot="L1", recipe="plate", model="abc123"
    )
    assert same.drawn == 40
