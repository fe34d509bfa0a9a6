"""A scan's inspections are found in the database, those too that were stored under the digest of former days."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.runs.stored_scan import ended, scans, stopped, stored_of
from db.store.session import Database, open_database
from engine.domain.inspection import Inspection, RecipeRef
from engine.domain.recipe import Limits, Recipe
from engine.recipes.digest import digest_of, former_digest, known_as
from engine.station.scan_journal import Entry, Journal, Journalled, ScanPlan
from tests.db import make


def store(db: Database, number: int, digest: str | None, model: str = "abc123") -> Inspection:
    """One part of a folder, judged by the recipe with this digest."""
    assert digest is not None
    made = make.inspection(number, model=model, source="folder:/parts")
    made = replace(made, recipe=RecipeRef("plate", 3, digest))
    inspections.add(db, [NewInspection(made)])
    return made


def journalled(digest: str, since: datetime = make.START, *ids: str) -> Journalled:
    """A scan of /parts by abc123, begun then, whose journal names these."""
    plan = ScanPlan("/parts", True, "", "", True, "abc123", digest, begun_at=since)
    return Journalled(Path("scans/1"), plan, 5, {id: Entry(id, (1, 1), id) for id in ids}, False)


def test_rows_with_the_former_digest_are_found_by_their_recipe(db: Database) -> None:
    recipe = make.recipe(ng_at=0.315)
    other = make.recipe(ng_at=0.35)
    before, after = store(db, 1, former_digest(recipe)), store(db, 2, digest_of(recipe))
    store(db, 3, former_digest(other))
    store(db, 4, digest_of(other))
    store(db, 5, digest_of(recipe), model="other")
    known = known_as(recipe)
    assert stored_of(db, journalled(digest_of(recipe)), known) == [before, after]
    later = journalled(digest_of(recipe), make.START + timedelta(seconds=2))
    assert stored_of(db, later, known) == [after]


def test_what_the_journal_names_is_the_scans_whatever_its_digest(db: Database) -> None:
    recipe = Recipe("plate", 3, ("good",), Limits())
    before, after = store(db, 1, former_digest(recipe)), store(db, 2, digest_of(recipe))
    store(db, 3, "another")
    assert former_digest(recipe) is not None
    assert stored_of(db, journalled(before.recipe.digest, make.START, after.id)) == [before, after]


def test_another_database_s_journals_have_a_folder_of_its_name(db: Database) -> None:
    assert scans(db) == db.folder / "scans"
    with closing(open_database(db.folder / "other.db")) as other:
        assert scans(other) == db.folder / "scans" / "other.db"


def test_the_newest_scan_that_stopped_or_came_to_its_end_is_found_by_its_folder(db: Database) -> None:
    assert (stopped(db), ended(db)) == (None, None)
    for number, (folder, through) in enumerate([("/a", False), ("/a", True), ("/b", False), ("/b", True)]):
        plan = ScanPlan(folder, True, "", "", True, "abc123", "d", begun_at=make.START)
        journal = Journal(scans(db) / f"{number}", plan)
        journal.append([Entry("0.png", (1, 1), "0")], 5)
        if through:
            journal.end(5)
        journal.close()

    def number_of(found: Journalled | None) -> str:
        return "" if found is None else found.folder.name

    assert [number_of(stopped(db, folder)) for folder in (None, Path("/a"), Path("/b"), Path("/c"))] == [
        "2",
        "0",
        "2",
        "",
    ]
    assert number_of(ended(db)) == "3"
