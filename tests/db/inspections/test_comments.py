"""Comments are appended, read back in order, and never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.datasets.export import export
from db.inspections import table as inspections
from db.inspections.comments import LONGEST, Comment, add_comment, comments_of
from db.inspections.overrides import add_override, exports_of
from db.inspections.table import Filter, NewInspection
from db.store.session import Database
from engine.errors import InputError
from tests.db import make


def test_comments_come_back_oldest_first_and_never_change(db: Database) -> None:
    made = make.inspection(1)
    inspections.add(db, [NewInspection(made)])
    first = add_comment(db, [made.id], "ann", "  glare ", make.START)
    second = add_comment(db, [made.id], "ben", "no, rust", make.START - timedelta(hours=1))
    assert first == Comment(make.START, "ann", "glare")
    assert comments_of(db, made.id) == (first, second)
    assert inspections.count(db, Filter(commented=True)) == 1
    with pytest.raises(IntegrityError, match="only added to"), db.writing() as session:
        session.execute(text("DELETE FROM comments"))


def test_empty_long_and_homeless_comments_are_refused_whole(db: Database) -> None:
    made = make.inspection(1)
    inspections.add(db, [NewInspection(made)])
    for ids, words in (([made.id], " "), ([made.id], "x" * (LONGEST + 1)), ([made.id, "nobody"], "lost")):
        with pytest.raises(InputError):
            add_comment(db, ids, "ann", words, make.START)
    assert comments_of(db, made.id) == ()


def test_an_inspection_knows_the_exports_its_words_went_into(db: Database) -> None:
    made = make.inspection(1)
    image, _ = db.archive.save(made.id, made.frame.captured_at, make.pixels())
    inspections.add(db, [NewInspection(made, image)])
    add_override(db, make.override(made))
    assert exports_of(db, made.id) == ()
    export(db, db.folder / "out", by="ann")
    assert [(e.folder, e.format) for e in exports_of(db, made.id)] == [(str(db.folder / "out"), "lineside")]
