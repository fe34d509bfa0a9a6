"""The curves of a training for TensorBoard, on request: loss, figures and seconds of every epoch."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.errors import EnvironmentFailure
from engine.training import EpochDone, TrainingEvent

FOLDER = "tensorboard"


class Board:
    """Writes the epochs' figures below `folder`. Raises EnvironmentFailure where the package it needs is missing."""

    def __init__(self, folder: Path) -> None:
        try:
            library: Any = import_module("tensorboardX")
        except ImportError as error:
            raise EnvironmentFailure(
                "The curves for TensorBoard need the package tensorboardX.",
                "Install it with pip, or leave out --set tensorboard=true.",
            ) from error
        self._writer = library.SummaryWriter(logdir=str(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._writer.close()

    def write(self, event: TrainingEvent) -> None:
        """Add an epoch's figures; other events are not drawn."""
        if not isinstance(event, EpochDone):
            return
        values = {"loss/training": event.train_loss, "seconds": event.seconds, **event.figures}
        if event.validation_loss is not None:
            values["loss/validation"] = event.validation_loss
        for name, value in values.items():
            self._writer.add_scalar(name, value, event.epoch)
        self._writer.flush()
