"""Another model or recipe that is to take over while the line runs: loaded and proved beside the ones in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from db.models.choose import choose_place
from db.models.registry import withdraw
from db.store.session import Database
from engine.backends.base import Model
from engine.domain.recipe import Recipe
from engine.errors import LinesideError
from engine.packages.package import ModelPackage, open_package
from engine.station.loop import Station
from engine.station.swap import load_proved


@dataclass(frozen=True, slots=True)
class Successor:
    """Ready to take over; `model` is None where nothing runs."""

    package: ModelPackage
    recipe: Recipe
    model: Model | None


def made_ready(
    db: Database,
    wanted: str,
    station: Station | None,
    *,
    recipe: Callable[[ModelPackage], Recipe],
    load: Callable[[ModelPackage], Model],
    withdrawn_by: str = "",
    product: str = "",
) -> Successor:
    """Open `wanted` (a version, a name, a path; empty = the active one), and where a station runs load it and prove it.

    `withdrawn_by`: it was activated for the product of this id, and one that cannot be opened, loaded or proved is
    active no longer, in this name. Raises PackageError, InferenceError, InputError, StorageError. Blocking, 0.2-3 s.
    """
    place = choose_place(db, wanted, product)
    with _on_probation(db, wanted, withdrawn_by, product):
        package = open_package(place)
    # A recipe of this run alone that does not fit is no fault of the model: it stays active for the others.
    judging = recipe(package)
    if station is None:
        return Successor(package, judging, None)
    with _on_probation(db, wanted, withdrawn_by, product):
        model = load_proved(lambda: load(package), judging, station.newest)
    return Successor(package, judging, model)


@contextmanager
def _on_probation(db: Database, version: str, by: str, product: str) -> Iterator[None]:
    try:
        yield
    except LinesideError as error:
        if by:
            withdraw(db, version, by, f"not proved: {error.message}", product)
        raise
