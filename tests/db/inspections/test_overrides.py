"""Overrides are appended, undone by appending, and never lost."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.inspections import overrides
from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.store.session import Database
from engine.domain.inspection import Inspection, Outcome
from engine.errors import InputError
from tests.db import make

LATER = make.START + timedelta(hours=3)


@pytest.fixture
def made(db: Database) -> Inspection:
    """A stored NG inspection."""
    one = make.inspection(1)
    inspections.add(db, [NewInspection(one)])
    return one


def test_override_comes_back_and_is_in_force(db: Database, made: Inspection) -> None:
    given = overrides.add_override(db, make.override(made, why="only dust", accepted=()))
    assert overrides.in_force(db, made.id) == given
    assert overrides.history(db, made.id) == (given,)
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.override == given
    assert stored.inspection == made


def test_the_last_override_is_in_force(db: Database, made: Inspection) -> None:
    first = overrides.add_override(db, make.override(made))
    # An earlier clock: the order of appending counts, not the wall clock.
    second = overrides.add_override(db, make.override(made, Outcome.NG, "pit", minutes=1))
    assert overrides.in_force(db, made.id) == second
    assert overrides.history(db, made.id) == (first, second)


def test_undo_appends_and_the_override_before_counts_again(db: Database, made: Inspection) -> None:
    first = overrides.add_override(db, make.override(made, Outcome.NG, "pit"))
    second = overrides.add_override(db, make.override(made))
    undo = overrides.undo_last(db, "ann", LATER)
    assert undo is not None
    assert undo.undoes == second.id
    assert overrides.in_force(db, made.id) == first
    assert overrides.history(db, made.id) == (first, second, undo)
    overrides.undo_last(db, "ann", LATER)
    assert overrides.in_force(db, made.id) is None
    assert overrides.undo_last(db, "ann", LATER) is None
    assert len(overrides.history(db, made.id)) == 4


def test_undo_takes_back_only_this_operators_overrides(db: Database, made: Inspection) -> None:
    anns = overrides.add_override(db, make.override(made, operator="ann"))
    bobs = overrides.add_override(db, make.override(made, Outcome.REVIEW, "", operator="bob"))
    undo = overrides.undo_last(db, "ann", LATER)
    assert undo is not None
    assert undo.undoes == anns.id
    assert overrides.in_force(db, made.id) == bobs


def test_after_an_undo_the_part_waits_for_review_again(db: Database, made: Inspection) -> None:
    overrides.add_override(db, make.override(made))
    assert inspections.next_unreviewed(db) is None
    overrides.undo_last(db, "ann", LATER)
    assert inspections.next_unreviewed(db) is not None
    assert inspections.counts(db).overridden == 0


def test_painted_mask_is_kept_in_the_archive(db: Database, made: Inspection) -> None:
    mask = np.zeros((32, 48), np.uint8)
    mask[3:9, 4:20] = 255
    overrides.add_override(db, make.override(made, Outcome.NG, "scratch", mask=mask))
    stored = overrides.in_force(db, made.id)
    assert stored is not None
    assert stored.mask is None
    read = overrides.read_mask(db, stored)
    assert read is not None
    assert np.array_equal(read, mask)
    assert len(list(db.archive_folder.rglob("*.mask.png"))) == 1


def test_override_without_mask_has_none(db: Database, made: Inspection) -> None:
    overrides.add_override(db, make.override(made))
    stored = overrides.in_force(db, made.id)
    assert stored is not None
    assert overrides.read_mask(db, stored) is None


def test_what_cannot_be_is_refused(db: Database, made: Inspection) -> None:
    small = np.zeros((3, 4), np.uint8)
    for bad, words in (
        (make.override("nobody"), "no inspection"),
        (make.override(made, Outcome.NO_VERDICT, ""), "NO VERDICT"),
        (make.override(made, Outcome.NG, "scratch", mask=small), "another size"),
        (make.override(made, Outcome.NG, "scratch", accepted=(1,)), "region"),
    ):
        with pytest.raises(InputError, match=words):
            overrides.add_override(db, bad)
    assert overrides.history(db, made.id) == ()


@pytest.mark.parametrize("act", ["UPDATE overrides SET outcome = 'OK'", "DELETE FROM overrides"])
def test_the_database_itself_refuses_to_change_an_override(db: Database, made: Inspection, act: str) -> None:
    overrides.add_override(db, make.override(made))
    with pytest.raises(IntegrityError, match="never"), db.writing() as session:
        session.execute(text(act))
    assert len(overrides.history(db, made.id)) == 1
