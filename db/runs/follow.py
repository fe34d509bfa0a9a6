"""`lineside run` takes over what the registry calls active, without stopping."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from db.models.registry import ModelVersion, active, withdraw
from db.store.session import Database
from engine.backends.base import Model
from engine.domain.recipe import Recipe
from engine.errors import LinesideError
from engine.events import Warned
from engine.packages.package import ModelPackage, open_package
from engine.station.loop import Publish, Station
from engine.station.swap import load_proved

log = logging.getLogger(__name__)

EVERY_S = 1.0
BY = "lineside"


class Follower:
    """While it is entered, a thread looks every second which model is active, loads a new one beside and swaps.

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
        every_s: float = EVERY_S,
    ) -> None:
        self._db, self._station, self._version = db, station, version
        self._recipe, self._load, self._publish, self._every_s = recipe, load, publish, every_s
        self._refused = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow-active-model", daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                found = active(self._db)
                if found is None or found.version in {self._version, self._refused}:
                    continue
                # Told once: where there is no model to go back to, it stays the active one.
                self._refused = found.version
                self._take(found)
                self._version, self._refused = found.version, ""
            except LinesideError as error:
                log.error("the active model was not taken over: %s", error)
                self._publish(Warned(error.message, f"The model before it goes on judging. {error.remedy}".strip()))

    def _take(self, found: ModelVersion) -> None:
        try:
            package = open_package(found.folder)
        except LinesideError as error:
            withdraw(self._db, found.version, BY, f"not proved: {error.message}")
            raise
        # A recipe of this run alone that does not fit is no fault of the model: it stays active for the others.
        recipe = self._recipe(package)
        try:
            model = load_proved(lambda: self._load(package), recipe, self._station.newest)
        except LinesideError as error:
            withdraw(self._db, found.version, BY, f"not proved: {error.message}")
            raise
        self._station.swap_model(model, recipe)
