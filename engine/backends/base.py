"""The protocol of every backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from engine.domain import ModelRef, Pixels, Prediction
from engine.product import WHOLE, View


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
