"""What a training is asked for: what `lineside train` and `lineside distil` were given."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from engine.names import name_of
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset

REQUEST = "run.json"
"""Where a run's folder keeps it."""


Place = Annotated[str, BeforeValidator(name_of)]
"""A path as it was given, escaped so that JSON can hold it; engine.names.path_of opens it."""


class TrainRequest(BaseModel):
    """What was asked for; kept in the run's folder so that `--resume` needs nothing else."""

    dataset: Place
    preset: Place
    out: Place
    layout: str = ""
    settings: list[Place] = []
    weights: Place = ""
    parent: Place = ""
    challenge: Place = ""
    teacher: Place = ""
    """The package a distillation learns from."""
    without_label: str = ""
    """`ok`: pictures without a label are sound, though some labels are not used."""
    product: str = ""
    """Whose parts the model judges, by its name; empty: those of the model it begins with."""
    unlabelled: bool = False
    """Distillation: the data set is a folder of pictures that only the teacher labels."""

    def command(self) -> str:
        """The command that asks for the same; whole paths are cut to their names, they say nothing elsewhere."""
        first = ["distil", _short(self.teacher)] if self.teacher else ["train"]
        words = ["lineside", *first, _short(self.dataset), "--preset", _short(self.preset)]
        options = (
            ("--format", self.layout),
            ("--weights", self.weights),
            ("--from", self.parent),
            ("--challenge", self.challenge),
            ("--without-label", self.without_label),
        )
        for option, value in options:
            words += [option, _short(value)] if value else []
        for setting in self.settings:
            words += ["--set", setting]
        words += ["--product", self.product] if self.product else []
        words += ["--unlabelled"] if self.unlabelled else []
        return shlex.join([*words, "--out", _short(self.out)])


def opened(request: TrainRequest, ok_classes: Sequence[str]) -> Dataset:
    """The data set that is asked for. Raises UsageError, DatasetError."""
    return open_dataset(request.dataset, request.layout, ok_classes, request.without_label)


def _short(text: str) -> str:
    path = Path(text)
    return path.name if path.is_absolute() else text
