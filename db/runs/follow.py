"""`lineside run` takes over what the registry calls active, without stopping."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from db.models.registry import ModelVersion, active
from db.products.shelf import list_products
from db.runs.take_over import made_ready
from db.store.session import Database
from engine.backends.base import Model
from engine.domain.recipe import Recipe
from engine.errors import InputError, LinesideError
from engine.events import Warned
from engine.packages.package import ModelPackage
from engine.station.loop import Publish, Station

log = logging.getLogger(__name__)

EVERY_S = 1.0
BY = "lineside"


class Follower:
    """While it is entered, a thread looks every second which model is active, loads a new one beside and swaps.

    `product`: the id of the one whose active model it is.
    A model that cannot be opened, loaded or proved is told once in a Warned event, and the one before goes on.
    """

    def __init__(
        self,
        db: Database,
        station: Station,
        version: str,
        *,
        recipe: Callable[[ModelPackage], Recipe],
        load: Callable[[ModelPackage], Model],
        publish: Publish,
        product: str = "",
        every_s: float = EVERY_S,
    ) -> None:
        self._db, self._station, self._version, self._product = db, station, version, product
        self._recipe, self._load, self._publish, self._every_s = recipe, load, publish, every_s
        self._refused, self._by = "", self._in_force()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow-active-model", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                found = active(self._db, self._product)
                if found is None or found.version in {self._version, self._refused}:
                    continue
                # Told once: where there is no model to go back to, it stays the active one.
                self._refused = found.version
                if self._in_force() != self._by:
                    # The model came with it, and was never meant to judge by the one of this run.
                    raise InputError("Another recipe was put in force for this product.", "Start this run anew.")
                self._take(found)
                self._version, self._refused = found.version, ""
            except LinesideError as error:
                log.error("the active model was not taken over: %s", error)
                self._publish(Warned(error.message, f"The model before it goes on judging. {error.remedy}".strip()))

    def _in_force(self) -> Path | None:
        """The recipe of the product."""
        known = list_products(self._db)
        return next((p.recipe for p in known if p.id == self._product or (p.first and not self._product)), None)

    def _take(self, found: ModelVersion) -> None:
        made = made_ready(
            self._db,
            found.version,
            self._station,
            recipe=self._recipe,
            load=self._load,
            withdrawn_by=BY,
            product=self._product,
        )
        if made.model is not None:
            self._station.swap_model(made.model, made.recipe)
