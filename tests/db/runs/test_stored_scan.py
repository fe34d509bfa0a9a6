"""A scan's inspections are found in the database, those too that were stored under the digest of former days."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.runs.stored_scan import stored_of
from db.store.session import Database
from engine.domain.inspection import Inspection, RecipeRef
from engine.domain.recipe import Limits, Recipe
from engine.recipes.digest import digest_of, former_digest, known_as
from engine.station.scan_journal import Entry, Journalled, ScanPlan
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
