"""What a training is made from: the data set, what is replayed of the parent's, the classes, and the split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import LinesideError
from engine.manifest import Lineage
from engine.package import ModelPackage
from engine.settings import home
from trainer.config import TrainConfig
from trainer.formats.dataset import Dataset, Sample
from trainer.formats.detect import open_dataset
from trainer.split import Split, assign, split

REPLAY_VALIDATION = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Samples of the data set first, replayed ones after them; the split holds indices into both."""

    dataset: Dataset
    classes: tuple[str, ...]
    ok_classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    split: Split
    new: NDArray[np.bool_] | None
    """Fine-tuning with replay: True for the data set's own samples."""
    notes: tuple[str, ...]


def gather(dataset: Dataset, config: TrainConfig, parent: ModelPackage | None) -> Material:
    """Split the data set; when fine-tuning, keep the parent's classes, add new ones, replay what it was taught with."""
    own = split(dataset.samples, config.rule)
    notes = [f"{len(own.dropped)} copies of held-out pictures are left out."] if own.dropped else []
    if parent is None:
        return Material(dataset, dataset.classes, dataset.ok_classes, dataset.samples, own, None, tuple(notes))
    known = parent.manifest.class_names
    added = tuple(name for name in dataset.classes if name not in known)
    sound = (*parent.manifest.ok_classes, *(n for n in added if n in dataset.ok_classes))
    if added:
        notes.append(f"New to the model: {', '.join(added)}.")
    replayed, said = replay(parent, config.replay, config.seed)
    notes += said
    usable = [s for s in replayed if s.label in known]
    parts = _split_replayed(usable, len(dataset.samples), config)
    both = Split((*own.train, *parts[1]), (*own.validation, *parts[0]), own.test, own.dropped)
    samples = (*dataset.samples, *usable)
    new = np.arange(len(samples)) < len(dataset.samples) if usable else None
    return Material(dataset, (*known, *added), sound, samples, both, new, tuple(notes))


def replay(parent: ModelPackage, count: int, seed: int) -> tuple[list[Sample], list[str]]:
    """Up to `count` random pictures of what the parent and its forebears were taught with, and notes for the user."""
    found: list[Sample] = []
    notes: list[str] = []
    for entry in ancestry(parent.manifest.lineage) if count else ():
        name = str(entry.get("dataset", ""))
        try:
            source = _reopen(entry)
        except LinesideError as error:
            notes.append(f"The parent's data set {name} cannot be replayed: {error.message}")
            continue
        if source is None:
            notes.append(f"The parent's data set {name or '(unnamed)'} is not kept here, so nothing of it is replayed.")
            continue
        found += [replace(s, key=f"{name}/{s.key}", group=f"{name}/{s.group}", part="") for s in source.samples]
    if len(found) > count:
        chosen = np.random.default_rng(seed).choice(len(found), count, replace=False)
        found = [found[i] for i in sorted(chosen.tolist())]
    if found:
        notes.append(f"{len(found)} pictures of the parent's data are replayed against forgetting.")
    return found, notes


def ancestry(lineage: Lineage) -> list[dict[str, Any]]:
    """The data sets a model was taught with, its own first: dataset, dataset_sha256, dataset_path of each."""
    own = {k: getattr(lineage, k) for k in ("dataset", "dataset_sha256", "dataset_path")}
    earlier = (lineage.model_extra or {}).get("ancestors", [])
    return [own, *(e for e in earlier if isinstance(e, dict))]


def kept_path(dataset: Dataset) -> str:
    """Where a data set is kept, relative to the data folder; empty when it lies elsewhere."""
    if dataset.location is None:
        return ""
    place, top = dataset.location.resolve(), home().resolve()
    return place.relative_to(top).as_posix() if place.is_relative_to(top) else ""


def _reopen(entry: dict[str, Any]) -> Dataset | None:
    if str(entry.get("dataset", "")).startswith("demo:"):
        return open_dataset(str(entry["dataset"]))
    relative = str(entry.get("dataset_path", ""))
    # The path comes out of a package, which may come from anywhere: it must stay in the data folder.
    if not relative or ".." in PurePosixPath(relative).parts or Path(relative).is_absolute():
        return None
    folder = home() / relative
    return open_dataset(str(folder)) if folder.is_dir() else None


def _split_replayed(samples: Sequence[Sample], first: int, config: TrainConfig) -> list[list[int]]:
    if not samples:
        return [[], []]
    share = REPLAY_VALIDATION if config.validation_fraction else 0.0
    parts = assign(samples, range(len(samples)), (share, 1.0 - share), config.seed)
    return [[first + i for i in sorted(part)] for part in parts]
