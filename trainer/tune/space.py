"""What a tuning searches: settings with a span or a list of choices each, the published ones or a TOML file's.

[learning_rate]
low = 1e-5
high = 1e-2
log = true              # drawn alike in every decade; left out: evenly
[freeze]
low = 0                 # whole numbers where the setting takes them
high = 4
[batch]
choices = [16, 32, 64]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from optuna.trial import Trial
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from engine.errors import UsageError
from engine.networks.catalogue import build
from engine.system.texts import parse_toml, read_text
from trainer.config import TrainConfig
from trainer.training.stages import stages_of

MAX_SPACE_BYTES = 1 << 20
COMPARABLE = frozenset(
    {
        *("kind", "description", "members", "ok_classes", "keep", "select", "int8", "threshold", "review_margin"),
        *("validation_fraction", "test_fraction", "folds", "fold", "validation_from", "split", "split_seed", "leaks"),
        *("devices", "nodes", "threads", "tensorboard", "patience", "budget_seconds", "seed"),
    }
)
"""Settings all trials share: they decide what a trial is judged on, by or with, not how it learns."""

Value = bool | int | float | str


class Span(BaseModel):
    """From `low` to `high`, both included; whole numbers where both are."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _rises(self) -> Span:
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError("low < high must hold, and 0 < low with log")
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """What must be valid for all in between to be."""
        return (self.low, self.high)

    def holds(self, value: Value) -> bool:
        """Whether the value lies in it."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def draw(self, trial: Trial, name: str) -> Value:
        """The trial's value."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return int(trial.suggest_int(name, self.low, self.high, log=self.log))
        return float(trial.suggest_float(name, self.low, self.high, log=self.log))


class Choices(BaseModel):
    """One of a few values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choices: tuple[Value, ...] = Field(min_length=1, max_length=100)

    @property
    def ends(self) -> tuple[Value, ...]:
        """What must be valid."""
        return self.choices

    def holds(self, value: Value) -> bool:
        """Whether the value is among them."""
        return value in self.choices

    def draw(self, trial: Trial, name: str) -> Value:
        """The trial's value."""
        # None, which Optuna may draw too, is not among the choices.
        return cast(Value, trial.suggest_categorical(name, self.choices))


Axis = Span | Choices
_AXES: TypeAdapter[dict[str, Axis]] = TypeAdapter(dict[str, Axis])


@dataclass(frozen=True, slots=True)
class Space:
    """The settings that are searched."""

    axes: Mapping[str, Axis]

    def draw(self, trial: Trial) -> dict[str, Value]:
        """One value for each."""
        return {name: axis.draw(trial, name) for name, axis in self.axes.items()}

    def point_of(self, config: TrainConfig) -> dict[str, Value]:
        """The preset's own values, as far as they lie in it."""
        point = {name: getattr(config, name) for name in self.axes}
        return {name: value for name, value in point.items() if self.axes[name].holds(value)}

    def plain(self) -> dict[str, Any]:
        """Plain types, to be kept with the study."""
        return {name: axis.model_dump(mode="json") for name, axis in self.axes.items()}


def published_space(config: TrainConfig) -> Space:
    """The search space of the published Severstal study: learning rate, batch, frozen first stages (as far as the
    network has them), schedule."""
    with torch.device("meta"):
        stages = len(stages_of(build(config.architecture, config.channels, 2)))
    axes: dict[str, Axis] = {
        "learning_rate": Span(low=1e-5, high=1e-2, log=True),
        "batch": Choices(choices=(16, 32, 64)),
        "freeze": Span(low=0, high=min(4, stages)),
        "schedule": Choices(choices=("none", "cosine")),
    }
    return Space(axes)


def load_space(path: Path, config: TrainConfig) -> Space:
    """A space out of a TOML file. Raises UsageError for a file that is none, a key that is no training setting or that
    all trials must share, and a value the setting cannot have."""
    shown = f"The search space {path}"
    document = parse_toml(read_text(path, MAX_SPACE_BYTES, shown, UsageError), shown, UsageError)
    try:
        axes = _AXES.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = first["loc"][0] if first["loc"] else "its top"
        raise UsageError(
            f"The search space {path} is not valid at {place}: {first['msg']}.", "Give low and high, or choices."
        ) from error
    if not axes:
        raise UsageError(f"The search space {path} is empty.", "Name one setting or more.")
    for name, axis in axes.items():
        _check(name, axis, config, path)
    return Space(axes)


def as_setting(name: str, value: Value) -> str:
    """The value as `--set` takes it."""
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"


def _check(name: str, axis: Axis, config: TrainConfig, path: Path) -> None:
    if name not in TrainConfig.model_fields:
        valid = ", ".join(sorted(TrainConfig.model_fields.keys() - COMPARABLE))
        raise UsageError(f"The search space {path} names {name!r}, which is no training setting.", f"Use {valid}.")
    if name in COMPARABLE:
        raise UsageError(f"The setting {name} cannot be searched: all trials must share it.", f"Take it out of {path}.")
    for value in axis.ends:
        try:
            TrainConfig.model_validate({**config.model_dump(), name: value})
        except ValidationError as error:
            raise UsageError(
                f"The search space {path} lets {name} be {value!r}, which it cannot be: {error.errors()[0]['msg']}.",
                "Correct it.",
            ) from error
