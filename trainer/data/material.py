"""What a training is made from: the data set, what is replayed of the parent's, the classes, and the split.

Pictures of the challenge set are left out: known parts judge, they never teach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DatasetError, LinesideError
from engine.names import path_of
from engine.packages.manifest import Lineage
from engine.packages.package import ModelPackage
from engine.system.places import home
from trainer.config import TrainConfig
from trainer.data.challenge import KnownParts, known_parts, without_known
from trainer.formats.detect import OK, open_dataset
from trainer.formats.samples.dataset import Dataset, Sample, unseen_notes
from trainer.split import Split, assign, check_classes, split

REPLAY_VALIDATION = 0.15
FEWEST_TO_HOLD = 20
"""Of fewer corrections none is held out: a handful judges nothing, and each is worth more as a lesson."""
LESSONS_ALONE = 4
"""Without replay an epoch shows each correction no more often than this: more would only unlearn the rest …"""
RATE_ALONE = 0.2
"""… and the learning rate is this share: 20 castings at the whole one cost 11 of 30 sound parts, at a fifth none."""


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
    known: KnownParts | None = None
    """The challenge set in the model's words."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings that fit this material better than the preset's."""


def gather(
    dataset: Dataset, config: TrainConfig, parent: ModelPackage | None, challenge: Dataset | None = None
) -> Material:
    """Split the data set; when fine-tuning, keep the parent's classes, add new ones, replay what it was taught with.

    Raises DatasetError for a data set that cannot be split or learnt from, or a challenge set that does not fit.
    """
    if parent is not None:
        return _corrections(dataset, config, parent, challenge)
    known = known_parts(challenge, dataset.classes, dataset.ok_classes) if challenge else None
    own = split(dataset.samples, config.rule)
    parts, said = without_known(own, dataset.samples, known)
    check_classes(dataset.samples, parts)
    notes = [*dataset.notes, *own.notes, *said, *(known.notes if known else ())]
    return Material(
        dataset, dataset.classes, dataset.ok_classes, dataset.samples, parts, None, tuple(notes), known=known
    )


def _corrections(dataset: Dataset, config: TrainConfig, parent: ModelPackage, challenge: Dataset | None) -> Material:
    learnt = parent.manifest.class_names
    added = tuple(name for name in dataset.classes if name not in learnt)
    classes, sound = (*learnt, *added), (*parent.manifest.ok_classes, *(n for n in added if n in dataset.ok_classes))
    notes = [f"New to the model: {', '.join(added)}."] if added else []
    known = known_parts(challenge, classes, sound) if challenge else None
    few = len(dataset.samples) < FEWEST_TO_HOLD and config.validation_fraction > 0
    own = split(dataset.samples, replace(config.rule, validation=0.0) if few else config.rule)
    replayed, said = replay(parent, config.replay, config.seed)
    usable = [s for s in replayed if s.label in learnt]
    parts = _split_replayed(usable, len(dataset.samples), config)
    samples = (*dataset.samples, *usable)
    joined = Split((*own.train, *parts[1]), (*own.validation, *parts[0]), own.test, own.dropped)
    both, left_out = without_known(joined, samples, known, len(dataset.samples))
    notes += [*_notes_of(dataset), *own.notes, *said, *left_out, *(known.notes if known else ())]
    settings: dict[str, Any] = {"validation_fraction": 0.0} if few else {}
    if few:
        notes.append(f"{len(dataset.samples)} corrections are too few to hold some out: all are taught.")
    if not usable:
        _check_alone(dataset, sound)
        taught = len(both.train)
        settings["samples_per_epoch"] = min(config.samples_per_epoch or taught, LESSONS_ALONE * taught)
        settings["learning_rate"] = RATE_ALONE * config.learning_rate
        notes.append("Nothing is replayed: lest the model forget what else it knew, it is taught less and more slowly.")
    new = np.arange(len(samples)) < len(dataset.samples) if usable else None
    return Material(dataset, classes, sound, samples, both, new, tuple(notes), known, settings)


def _notes_of(dataset: Dataset) -> list[str]:
    """What a reader said, but for the classes that no correction is of: an export names all that the model knows."""
    seen = {name for s in dataset.samples for name in (s.label, *s.also)}
    return [note for note in dataset.notes if note not in unseen_notes(dataset.classes, seen)]


def _check_alone(dataset: Dataset, sound: Sequence[str]) -> None:
    """Corrections that nothing is replayed beside. Raises DatasetError where they are all of one class or one side."""
    labels = {s.label for s in dataset.samples}
    sides = {label in sound for label in labels}
    if len(labels) > 1 and (len(sides) > 1 or not sound):
        return
    what = labels.pop() if len(labels) == 1 else "sound" if sides == {True} else "defective"
    raise DatasetError(
        f"All {len(dataset.samples)} corrections are {what} and nothing of the parent's data can be replayed, so the "
        f"model would learn to call every part so.",
        "Add corrected parts of other classes, or put the parent's data set back to where it was kept.",
    )


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
    """The data sets a model was taught with, its own first: dataset, dataset_sha256, dataset_path of each, and what was
    said of pictures without a label."""
    own = {k: getattr(lineage, k) for k in ("dataset", "dataset_sha256", "dataset_path")}
    extra = lineage.model_extra or {}
    own |= {"without_label": extra["without_label"]} if "without_label" in extra else {}
    earlier = extra.get("ancestors", [])
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
    folder = path_of(home() / relative)
    taken = OK if entry.get("without_label") == OK else ""
    return open_dataset(str(folder), without_label=taken) if folder.is_dir() else None


def _split_replayed(samples: Sequence[Sample], first: int, config: TrainConfig) -> list[list[int]]:
    if not samples:
        return [[], []]
    share = REPLAY_VALIDATION if config.validation_fraction else 0.0
    parts = assign(samples, range(len(samples)), (share, 1.0 - share), config.seed)
    return [[first + i for i in sorted(part)] for part in parts]
