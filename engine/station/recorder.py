"""Who keeps inspections: what the loop asks of a recorder, and the one that keeps nothing."""

from __future__ import annotations

from typing import Protocol

from engine.domain.inspection import Frame, Inspection, Prediction
from engine.domain.recipe import Recipe


class Recorder(Protocol):
    """Keeps inspections. A call may keep it back until `flush`; after `flush` all of them are on disk."""

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        """Take one inspection and the very recipe that judged it, whose limits and saving policy it is kept by.

        `frame` and `prediction` are None where none arrived. Raises StorageError.
        """
        ...

    def flush(self) -> None:
        """Make everything taken durable. Raises StorageError."""
        ...


class Unrecorded:
    """Keeps nothing: a scan without a database."""

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        """Forget it."""

    def flush(self) -> None:
        """Nothing to do."""
