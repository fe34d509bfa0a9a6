"""A part in flight: a model that has judged and does not answer until another one is to take over."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from db.store.session import Database
from engine.backends.base import Model
from engine.domain.inspection import ModelRef, Pixels, Prediction
from engine.domain.recipe import WHOLE, Recipe, View
from engine.recipes.file import with_saving
from engine.station.loop import Station


class HeldModel:
    """Around a real one. `judging` is set while a part is in flight, which comes out once `go` is."""

    def __init__(self, inner: Model, go: threading.Event) -> None:
        self._inner, self._go = inner, go
        self.judging = threading.Event()

    @property
    def ref(self) -> ModelRef:
        """The real one's."""
        return self._inner.ref

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """Judge, and keep the answer back."""
        prediction = self._inner.run(pixels, view)
        self.judging.set()
        assert self._go.wait(120)
        return prediction

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """As the real one."""
        return self._inner.stream(pictures, view)

    def close(self) -> None:
        """The real one."""
        self._inner.close()


def told_of_swaps(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set as soon as a station has been told to change model or recipe."""
    told, swap_model = threading.Event(), Station.swap_model

    def swap(station: Station, model: Model, recipe: Recipe) -> None:
        swap_model(station, model, recipe)
        told.set()

    monkeypatch.setattr(Station, "swap_model", swap)
    return told


def made(recipe: Recipe, name: str, ng_at: float, every_ok: int) -> Recipe:
    """This one with another name, limit and saving policy."""
    limits = replace(recipe.limits, ng_at=ng_at, review_from=ng_at, review_to=ng_at)
    return with_saving(replace(recipe, name=name, limits=limits), replace(recipe.saving, every_ok=every_ok))


def limits_stored(db: Database) -> dict[tuple[str, str], set[tuple[float, bool]]]:
    """By model and recipe: the limits that scores and margins of the stored OK parts tell, and if a picture is kept."""
    words = (
        "SELECT i.model_name, i.recipe_name, round(i.score + i.margin, 4), p.inspection_id IS NOT NULL"
        " FROM inspections i LEFT JOIN pictures p ON p.inspection_id = i.id WHERE i.outcome = 'OK'"
    )
    found: dict[tuple[str, str], set[tuple[float, bool]]] = {}
    with db.session() as session:
        for model, recipe, limit, kept in session.execute(text(words)):
            found.setdefault((model, recipe), set()).add((limit, bool(kept)))
    return found
