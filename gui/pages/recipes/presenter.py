"""The rules of the Recipes page: which recipe is meant, what can be done with it now, and how it stands in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from db.recipes.shelf import StoredRecipe
from engine.domain.recipe import Recipe
from engine.statistics.costs import Prices
from gui.i18n.language import translate

MOST_PRICE = 1e7


@dataclass(frozen=True, slots=True)
class RecipeStanding:
    """The open recipe. `stored`: as its file has it; `dirty`: wanted otherwise; `in_force`: the line judges by it."""

    recipe: Recipe | None = None
    stored: StoredRecipe | None = None
    dirty: bool = False
    in_force: bool = False


class RecipesPresenter:
    """The stored recipes as they were read last, and what follows of how the open one stands."""

    def __init__(self, folder: Path, last: object) -> None:
        self.folder = folder
        """Where the station's recipes are."""
        self.known: tuple[StoredRecipe, ...] = ()
        self.wanted = folder / last if isinstance(last, str) else None
        """The recipe the mark goes to once it is listed; None = it stays where it is."""
        self._model = ""

    def take(self, known: tuple[StoredRecipe, ...], marked: Path | None) -> Path | None:
        """The recipes anew; the one the mark goes to. `marked`: where it is."""
        self.known = known
        wanted, self.wanted = self.wanted or marked, None
        return wanted

    def meets(self, model: str) -> bool:
        """Whether this model version is another one than the recipes were opened for."""
        other, self._model = model != self._model, model
        return other

    def of(self, path: Path | None) -> StoredRecipe | None:
        """The recipe of this file, as it is stored."""
        return next((recipe for recipe in self.known if recipe.path == path), None)

    def name_to_keep(self, path: Path | None) -> str:
        """What is remembered of a choice; empty for none, and for a recipe that lies elsewhere."""
        return path.name if path is not None and path.parent == self.folder else ""

    def stays_open(self, path: Path | None, now: RecipeStanding) -> bool:
        """Whether the chosen recipe is open already, with changes to keep or as its file has it."""
        open_ = now.stored
        return open_ is not None and open_.path == path and (now.dirty or open_.digest == self.newest(open_).digest)

    def newest(self, stored: StoredRecipe) -> StoredRecipe:
        """The recipe as it is stored by now."""
        return self.of(stored.path) or stored

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def use(chosen: StoredRecipe | None, now: RecipeStanding) -> Literal["use", "unsaved", ""]:
        """What is stored goes on the line, never what somebody is still changing."""
        if chosen is None:
            return ""
        return "unsaved" if now.dirty else "use"

    @staticmethod
    def tool(mode: str, recipe: Recipe | None) -> Literal["whole", "tool", "none", ""]:
        """What a tool for the region comes to: where the part is found first, its region stays as it is."""
        if recipe is None:
            return ""
        if mode == "whole":
            return "whole"
        return "tool" if recipe.view.reference is None or mode == "measure" else "none"

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def title(now: RecipeStanding) -> str:
        """What is open."""
        return now.recipe.name if now.recipe is not None else translate("Recipes", "No recipe is open")

    def state_words(self, now: RecipeStanding) -> str:
        """How the open recipe stands; empty where none is."""
        if now.stored is None:
            return ""
        words = [translate("Recipes", "version {version}").format(version=now.stored.version)]
        if now.in_force:
            words.append(translate("Recipes", "in force on the line"))
        if now.dirty:
            words.append(translate("Recipes", "changed, not saved"))
        newest = self.newest(now.stored).version
        if newest > now.stored.version:
            words.append(translate("Recipes", "version {version} was saved meanwhile").format(version=newest))
        return " · ".join(words)

    @staticmethod
    def usable(now: RecipeStanding) -> bool:
        """Whether the open recipe can be put on the line."""
        return now.stored is not None and not now.in_force


def kept_prices(kept: object) -> Prices:
    """What was remembered, where it is three prices."""
    whole = isinstance(kept, list) and len(kept) == 3
    if whole and isinstance(kept, list) and all(isinstance(n, int | float) and 0 <= n <= MOST_PRICE for n in kept):
        return Prices(*(float(n) for n in kept))
    return Prices()
