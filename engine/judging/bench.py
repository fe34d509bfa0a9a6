"""Models kept at hand to judge single pictures with, off the line: loaded when first asked for, given back in time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.backends.base import Model
from engine.domain.recipe import Recipe
from engine.errors import InputError
from engine.judging.judge import Judge, Judgeable, Judged
from engine.packages.package import ModelPackage

CLOSE_S = 0.2


class Bench:
    """At most `kept` loaded models, the one used longest ago goes first. Used from jobs, one after the other."""

    def __init__(self, load: Callable[[ModelPackage], Model], kept: int) -> None:
        self._load, self._kept = load, kept
        self._turn = threading.Lock()
        self._loaded: dict[str, Model] = {}
        self._closed = False

    def judge(self, package: ModelPackage, recipe: Recipe, picture: Judgeable) -> Judged:
        """What this package's model and this recipe say of a picture.

        Blocking, seconds for a model not loaded yet. Raises PackageError, and InputError after `close`.
        """
        with self._turn:
            try:
                return Judge(self._model(package), recipe).judge(picture)
            finally:
                if self._closed:
                    self._let_go()

    def close(self) -> None:
        """Let the models go; one that judges just now goes with its last picture."""
        self._closed = True
        if self._turn.acquire(timeout=CLOSE_S):
            self._let_go()
            self._turn.release()

    def _model(self, package: ModelPackage) -> Model:
        if self._closed:
            raise InputError("The models were put away meanwhile.", "Open the page again.")
        model = self._loaded.pop(package.version, None)
        if model is None:
            while len(self._loaded) >= self._kept:
                self._loaded.pop(next(iter(self._loaded))).close()
            model = self._load(package)
        self._loaded[package.version] = model
        return model

    def _let_go(self) -> None:
        while self._loaded:
            self._loaded.popitem()[1].close()
