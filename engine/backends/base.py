"""The protocol of every backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from engine.domain.inspection import HeatMap, ModelRef, Pixels, Prediction
from engine.domain.recipe import WHOLE, View


class Model(Protocol):
    """A loaded model. `run` is called from one thread at a time."""

    @property
    def ref(self) -> ModelRef:
        """Name and version of its package."""
        ...

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """Judge one frame's pixels (lowest latency), for the line."""
        ...

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """Judge many pictures with several in flight (highest rate); predictions come in the pictures' order."""
        ...

    def close(self) -> None:
        """Give the memory back; safe to call twice."""
        ...


class Explainer(Protocol):
    """A package's network opened for explanation (torch); made by engine.backends.load.load_explainer."""

    def explain(self, pixels: Pixels, view: View, method: str, label: str) -> HeatMap:
        """What speaks for `label`, h×w in 0…1 over the view; `method` is grad-cam, grad-cam++, eigen-cam or score-cam.

        Raises UsageError for an unknown method or class, InferenceError where the method fails on this network.
        """
        ...
