"""Which recipe is meant, what can be done with it, how it stands in words; without a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.recipes.shelf import StoredRecipe
from engine.domain.recipe import Limits, Recipe, View
from engine.statistics.costs import Prices
from gui.pages.recipes.presenter import RecipesPresenter, RecipeStanding, kept_prices

FOLDER = Path("recipes")


def stored(name: str = "bracket", version: int = 2, digest: str = "d2", folder: Path = FOLDER) -> StoredRecipe:
    return StoredRecipe(folder / f"{name}.toml", name, version, digest, "", "m1", datetime(2026, 3, 1, tzinfo=UTC))


HERE, OTHER = stored(), stored("plate", 1, "d1")
RECIPE = Recipe("bracket", 2, ("good",), Limits(ng_at=0.5))


@pytest.fixture
def rules() -> RecipesPresenter:
    made = RecipesPresenter(FOLDER, None)
    made.take((OTHER, HERE), None)
    return made


# ── which recipe ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_one_of_last_time_is_wanted_once() -> None:
    rules = RecipesPresenter(FOLDER, "bracket.toml")
    assert rules.take((HERE,), OTHER.path) == HERE.path
    assert rules.take((HERE,), OTHER.path) == OTHER.path
    assert rules.take((HERE,), None) is None


@pytest.mark.parametrize("kept", [None, 7, ["bracket.toml"]])
def test_what_is_no_name_is_nobody_s_wish(kept: object) -> None:
    assert RecipesPresenter(FOLDER, kept).wanted is None


def test_a_recipe_is_known_by_its_file(rules: RecipesPresenter) -> None:
    assert rules.of(HERE.path) is HERE
    assert rules.of(Path("gone.toml")) is None and rules.of(None) is None


def test_only_the_station_s_own_recipes_are_remembered(rules: RecipesPresenter) -> None:
    assert rules.name_to_keep(HERE.path) == "bracket.toml"
    assert rules.name_to_keep(Path("elsewhere") / "bracket.toml") == ""
    assert rules.name_to_keep(None) == ""


def test_recipes_are_opened_anew_for_another_model(rules: RecipesPresenter) -> None:
    assert rules.meets("m1")
    assert not rules.meets("m1")
    assert rules.meets("m2")


def test_an_open_recipe_stays_open_with_changes_or_as_its_file_has_it(rules: RecipesPresenter) -> None:
    assert rules.stays_open(HERE.path, RecipeStanding(RECIPE, HERE))
    assert not rules.stays_open(OTHER.path, RecipeStanding(RECIPE, HERE))
    assert not rules.stays_open(HERE.path, RecipeStanding())
    older = replace(HERE, version=1, digest="d1")
    assert not rules.stays_open(HERE.path, RecipeStanding(RECIPE, older))
    assert rules.stays_open(HERE.path, RecipeStanding(RECIPE, older, dirty=True))


def test_a_recipe_that_is_not_listed_is_its_own_newest(rules: RecipesPresenter) -> None:
    assert rules.newest(replace(HERE, version=1)) is HERE
    strange = stored("strange")
    assert rules.newest(strange) is strange


# ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_only_what_is_saved_goes_on_the_line(rules: RecipesPresenter) -> None:
    assert rules.use(HERE, RecipeStanding(RECIPE, HERE)) == "use"
    assert rules.use(HERE, RecipeStanding(RECIPE, HERE, dirty=True)) == "unsaved"
    assert rules.use(None, RecipeStanding(dirty=True)) == ""


def test_the_region_of_a_part_that_is_found_first_stays_as_it_is(rules: RecipesPresenter) -> None:
    found = replace(RECIPE, view=View(reference=object()))
    assert [rules.tool(mode, RECIPE) for mode in ("box", "polygon", "measure", "whole")] == ["tool"] * 3 + ["whole"]
    assert [rules.tool(mode, found) for mode in ("box", "polygon")] == ["none", "none"]
    assert rules.tool("measure", found) == "tool" and rules.tool("whole", found) == "whole"
    assert rules.tool("box", None) == rules.tool("whole", None) == ""


# ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_how_a_recipe_stands_is_said(rules: RecipesPresenter) -> None:
    assert rules.state_words(RecipeStanding(RECIPE)) == ""
    assert rules.state_words(RecipeStanding(RECIPE, HERE)) == "version 2"
    assert rules.state_words(RecipeStanding(RECIPE, HERE, in_force=True)) == "version 2 · in force on the line"
    older = replace(HERE, version=1)
    assert rules.state_words(RecipeStanding(RECIPE, older, True, True)) == (
        "version 1 · in force on the line · changed, not saved · version 2 was saved meanwhile"
    )


def test_the_title_is_the_name_that_is_wanted(rules: RecipesPresenter) -> None:
    assert rules.title(RecipeStanding(replace(RECIPE, name="new name"), HERE)) == "new name"
    assert rules.title(RecipeStanding(None, HERE)) == "No recipe is open"


def test_what_is_in_force_need_not_be_put_on_the_line(rules: RecipesPresenter) -> None:
    assert rules.usable(RecipeStanding(RECIPE, HERE))
    assert not rules.usable(RecipeStanding(RECIPE, HERE, in_force=True))
    assert not rules.usable(RecipeStanding(RECIPE))


# ── what was remembered ──────────────────────────────────────────────────────────────────────────────────────────────
def test_three_prices_come_back() -> None:
    assert kept_prices([5, 2.5, 0]) == Prices(5.0, 2.5, 0.0)
    assert kept_prices([1e7, 1, 1]) == Prices(1e7, 1.0, 1.0)


@pytest.mark.parametrize("kept", [None, "abc", [1, 2], [1, 2, 3, 4], [1, 2, "3"], [1, -1, 1], [1, 1, 1e7 + 1]])
def test_what_is_no_three_prices_is_as_designed(kept: object) -> None:
    assert kept_prices(kept) == Prices()
