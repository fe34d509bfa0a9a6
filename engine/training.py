"""Contracts between the station and the trainer: the data set that is exported, the order, the events that come back.

A Lineside data set is a folder with dataset.json, pictures/ and masks/. An order is the trainer's command line, and the
trainer prints one event a line as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

DATASET_SCHEMA = 1
DATASET_FILE = "dataset.json"
LEARN = "learn"
"""In the place of a preset: `lineside learn`, which every station can do by itself."""
CHECKPOINT = "checkpoint.pt"
"""What a run that was interrupted leaves in its folder."""


class DatasetItem(BaseModel):
    """One labelled picture. Paths are relative to the data set's folder, with forward slashes."""

    model_config = ConfigDict(extra="allow")

    path: str
    sha256: str
    label: str
    mask: str | None = None
    """255 = defect, the picture's size. None on a defective picture: where the defect lies is not known."""
    group: str = ""
    """Pictures of one group (item, lot, part) never cross train and test."""
    inspection: str = ""
    verdict: str = ""
    """What the station had said."""
    operator: str = ""
    at: str = ""
    why: str = ""
    pseudo: bool = False
    """True where a model gave the label and no person has confirmed it."""


class DatasetManifest(BaseModel):
    """dataset.json of a Lineside export."""

    model_config = ConfigDict(extra="allow")

    schema_version: int = Field(DATASET_SCHEMA, alias="schema", ge=1)
    kind: Literal["lineside-dataset"] = "lineside-dataset"
    name: str
    created_at: str
    classes: list[str]
    ok_classes: list[str]
    items: list[DatasetItem]


@dataclass(frozen=True, slots=True)
class TeachOrder:
    """What to train on, from which package, and where the new one goes; the one place that spells the command line."""

    dataset: Path
    parent: Path | None
    """None = from scratch: no package knows what is to be learned."""
    out: Path
    data_folder: Path
    """Where data sets are kept: the trainer notes the data set's place relative to it."""
    preset: str = "finetune"
    settings: tuple[str, ...] = ()
    """KEY=VALUE, for the trainer's --set."""
    run: Path | None = None
    """Where the checkpoint goes; None = the trainer chooses."""
    resume: bool = False
    """Go on from the checkpoint in `run`."""
    challenge: Path | None = None
    """Known parts: kept out of the training, judged at its end."""
    without_label: str = ""
    """`ok`: pictures without a label are sound, though some labels cannot be used; empty: the trainer refuses then."""

    @property
    def arguments(self) -> list[str]:
        """The command line after `lineside`."""
        if self.resume:
            return ["train", "--resume", str(self.run), "--out", str(self.out)]
        if self.preset == LEARN:
            given = ["learn", str(self.dataset)]
        else:
            given = ["train", str(self.dataset), "--preset", self.preset]
        given += ["--from", str(self.parent)] if self.parent else []
        given += ["--out", str(self.out)]
        for pair in self.settings:
            given += ["--set", pair]
        given += ["--run", str(self.run)] if self.run else []
        given += ["--without-label", self.without_label] if self.without_label else []
        return given + (["--challenge", str(self.challenge)] if self.challenge else [])


class TrainingStarted(BaseModel):
    """The data are read, the loop begins."""

    event: Literal["started"] = "started"
    preset: str
    architecture: str
    device: str
    epochs: int
    train: int
    validation: int
    test: int


class TrainingNote(BaseModel):
    """Something a person should know: replayed data, a missing parent data set, a resumed run."""

    event: Literal["note"] = "note"
    text: str


class TrainingProgress(BaseModel):
    """Inside an epoch: `done` of `total` steps of all epochs."""

    event: Literal["progress"] = "progress"
    stage: str
    done: int
    total: int
    loss: float | None = None


class EpochDone(BaseModel):
    """One pass over the training part, with the figures on the validation part."""

    event: Literal["epoch"] = "epoch"
    epoch: int
    epochs: int
    train_loss: float
    validation_loss: float | None = None
    figures: dict[str, float] = Field(default_factory=dict)
    best: bool = False
    seconds: float = 0.0


class TrainingFinished(BaseModel):
    """The package is written."""

    event: Literal["finished"] = "finished"
    package: str
    version: str
    metrics: dict[str, Any]
    seconds: float


class TrainingInterrupted(BaseModel):
    """Stopped on request; `resume` continues from the checkpoint."""

    event: Literal["interrupted"] = "interrupted"
    run: str


class TrainingFailed(BaseModel):
    """One sentence and its remedy."""

    event: Literal["failed"] = "failed"
    message: str
    remedy: str


TrainingEvent = Annotated[
    TrainingStarted
    | TrainingNote
    | TrainingProgress
    | EpochDone
    | TrainingFinished
    | TrainingInterrupted
    | TrainingFailed,
    Field(discriminator="event"),
]
_EVENT: TypeAdapter[TrainingEvent] = TypeAdapter(TrainingEvent)


def parse_event(line: str) -> TrainingEvent:
    """One line of the trainer's output as an event. Raises ValueError for anything else."""
    return _EVENT.validate_json(line)
