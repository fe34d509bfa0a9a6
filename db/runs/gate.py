"""The change gate, put together for window and command line alike: both models on everything that is known."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from db.datasets.gates import overrides_set
from db.models.choose import choose_package, choose_recipe
from db.models.registry import active
from db.products.shelf import Product, by_id
from db.store.session import Database
from engine.backends.load import load_model
from engine.domain.recipe import Recipe
from engine.errors import InputError
from engine.gate.gate import Flip, GateResult, advice_of, run_gate
from engine.gate.known import KnownSet, folder_set
from engine.images.listing import LeftOut, counts
from engine.judging.judge import Judge
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe
from engine.sources.files.remarks import not_judged
from engine.system.threads import thread_budget

Side = tuple[ModelPackage, Recipe]
"""A model and the recipe it was judged by."""


@dataclass(frozen=True, slots=True)
class GateOrder:
    """What to compare, on what. `candidate` and `against` as in `choose_package`; `against` empty = the active one of
    `product` (by its id; empty = the station's first one)."""

    db: Database
    candidate: str
    against: str = ""
    recipe_path: str = ""
    recipe: Recipe | None = None
    """In force now: its view serves a model that the recipe's file does not fit."""
    challenge: str = ""
    """Folder of known parts; empty = there is none."""
    threads: int = 0
    product: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the figures are to be read with: two sentences, in English; `more` is the reason or the remedy."""

    message: str
    more: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.more}".strip()


@dataclass(frozen=True, slots=True, eq=False)
class GateDone:
    """A finished gate. `sides`: the model in use and the new one, as they judged."""

    result: GateResult
    sides: tuple[Side, Side]
    notes: tuple[Note, ...]
    left_out: tuple[LeftOut, ...] = ()
    """What lies in the challenge set's folder and is no part of it."""

    def plain(self) -> dict[str, Any]:
        """For JSON (docs/jsonl.md)."""
        return {
            **self.result.plain(),
            "recommended": str(advice_of(self.result)),
            "notes": [str(note) for note in self.notes],
            "challenge_left_out": dict(counts(self.left_out)),
        }


def compare(
    order: GateOrder,
    report: Callable[[int, int], None],
    stopped: Callable[[], bool],
    flipped: Callable[[str, Flip], None] | None = None,
) -> GateDone | None:
    """Load both models, gather what is known, judge it; the callables as in `run_gate`.

    Blocking; None when stopped. Decides nothing and records nothing. Raises LinesideError.
    """
    packages = _against(order), choose_package(order.db, order.candidate)
    if packages[0].version == packages[1].version:
        raise InputError(f"Model {packages[0].version} would be compared with itself.", "Choose two different models.")
    recipes, notes = _recipes(order, packages)
    sets, missing = _sets(order, packages)
    threads = max(1, thread_budget(order.threads) // 2)
    with ExitStack() as loaded:
        judges = []
        for package, recipe in zip(packages, recipes, strict=True):
            if stopped():
                return None
            judges.append(Judge(loaded.enter_context(closing(load_model(package, threads=threads))), recipe))
        result = run_gate(sets, judges[0], judges[1], report, stopped, flipped)
    sides = (packages[0], recipes[0]), (packages[1], recipes[1])
    listed = [known.listing for known in sets if known.listing is not None]
    notes += [Note(remark.message, remark.remedy) for listing in listed for remark in not_judged(listing)]
    left_out = tuple(left for listing in listed for left in listing.left_out)
    return None if result is None else GateDone(result, sides, (*notes, *missing), left_out)


def named_challenge(db: Database, package: ModelPackage | None, product: Product | None = None) -> str:
    """The folder of known parts: the product's, else what a package names and this station keeps; empty = none."""
    if product is not None and product.challenge is not None:
        return str(product.challenge)
    named = (package.manifest.lineage.model_extra or {}).get("challenge") if package is not None else None
    if not isinstance(named, str) or not named:
        return ""
    folder = db.folder / named
    return str(folder) if folder.is_dir() and folder.resolve().is_relative_to(db.folder.resolve()) else ""


def active_package(db: Database, product: str = "") -> ModelPackage | None:
    """The package of a product's active model; None until one was activated. Raises PackageError for a damaged one."""
    now = active(db, product)
    return None if now is None else open_package(now.folder)


def _against(order: GateOrder) -> ModelPackage:
    found = choose_package(order.db, order.against) if order.against else active_package(order.db, order.product)
    if found is None:
        raise InputError("There is no active model to compare with.", "Activate one of the list first.")
    return found


def _recipes(order: GateOrder, packages: tuple[ModelPackage, ModelPackage]) -> tuple[list[Recipe], list[Note]]:
    """The recipe in force for each; where its file does not fit a model, that model's own limits with the same view."""
    recipes, notes = [], []
    for package in packages:
        try:
            recipes.append(choose_recipe(package, order.recipe_path))
        except InputError as error:
            own = default_recipe(package)
            recipes.append(replace(own, view=order.recipe.view) if order.recipe else own)
            notes.append(Note(f"Model {package.version} is judged by its own limits.", error.message))
    return recipes, notes


def _sets(order: GateOrder, packages: tuple[ModelPackage, ModelPackage]) -> tuple[list[KnownSet], list[Note]]:
    """What is known, and a note for each set that is not to be had."""
    sets, notes = [], []
    manifests = [package.manifest for package in packages]
    classes = list(dict.fromkeys(name for m in manifests for name in m.class_names))
    sound = [name for m in manifests for name in m.ok_classes]
    if order.challenge:
        try:
            sets.append(folder_set(Path(order.challenge), classes, sound))
        except InputError as error:
            notes.append(Note(error.message, error.remedy))
    else:
        notes.append(Note("There is no challenge set for a fair proof.", "Choose a folder of known parts."))
    product = by_id(order.db, order.product)
    mine = product.on_record if product is not None else None
    sets.append(overrides_set(order.db, packages[1].manifest.lineage.dataset, mine))
    return [known for known in sets if known.parts], notes
