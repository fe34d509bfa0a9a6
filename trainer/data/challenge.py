"""Known parts: they judge every model of a product and teach none. What is in the challenge set is kept out of the
training part by the hash of its picture (of the demo line by the part's number)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DatasetError
from engine.system.threads import thread_budget
from engine.training import TrainingProgress
from engine.verdicts.verdict import SOUND
from trainer.config import TrainConfig
from trainer.data.prepared import Prepared, prepare_samples
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset, Sample
from trainer.runtime.interrupt import StopRequest
from trainer.runtime.progress import Emit
from trainer.split import Split

KNOWN_SPILL = "challenge.npy"

_CHOOSE = "Give --challenge a folder of known parts of this product."


@dataclass(frozen=True, slots=True)
class KnownParts:
    """The challenge set in the model's words."""

    dataset: Dataset
    truth: tuple[str, ...]
    """A label for each sample; one that the model does not know is a defect."""
    notes: tuple[str, ...] = ()

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The parts, in order."""
        return self.dataset.samples


def open_challenge(place: str, without_label: str = "") -> Dataset | None:
    """The challenge set at `place`, None where none is given. Raises DatasetError for one that is empty or no set."""
    if not place:
        return None
    try:
        return open_dataset(place, without_label=without_label)
    except DatasetError as error:
        raise DatasetError(f"The challenge set cannot be used: {error.message}", error.remedy) from error


def known_parts(dataset: Dataset, classes: Sequence[str], ok_classes: Sequence[str]) -> KnownParts:
    """The challenge set's labels in the words of a model with these classes.

    A sound class by another name (`good`) is the model's own where it has no more than one. Raises DatasetError where
    the model knows none of the labels.
    """
    names = {name: _in_words(name, dataset, classes, ok_classes) for name in dataset.classes}
    truth = tuple(names[s.label] for s in dataset.samples)
    known = {*classes, SOUND} if not ok_classes else set(classes)
    strange = Counter(t for t in truth if t not in known)
    if strange.total() == len(truth):
        raise DatasetError(
            f"The challenge set {dataset.id} has none of the model's classes: it has {_listed(strange)}, "
            f"the model {_listed(classes)}.",
            _CHOOSE,
        )
    said = [f"Not known to the model, so defects of the challenge set: {_listed(strange)}."] if strange else []
    return KnownParts(dataset, truth, tuple(said))


def without_known(
    parts: Split, samples: Sequence[Sample], known: KnownParts | None, taught: int | None = None
) -> tuple[Split, list[str]]:
    """The split without copies of known parts in train and validation, and a note of how many there were.

    Raises DatasetError where nothing is left to train on; of a fine-tuning, nothing of the first `taught` samples.
    """
    if known is None:
        return parts, []
    taken = {identity(s) for s in known.samples}
    copies = {i for i in (*parts.train, *parts.validation) if identity(samples[i]) in taken}
    if not copies:
        return parts, []
    train = tuple(i for i in parts.train if i not in copies)
    if not any(taught is None or i < taught for i in train):
        raise DatasetError(
            "Every picture to train on is in the challenge set, and known parts must not teach.",
            "Give --challenge other parts, or add pictures.",
        )
    validation = tuple(i for i in parts.validation if i not in copies)
    left = Split(train, validation, parts.test, tuple(sorted({*parts.dropped, *copies})))
    return left, [f"{len(copies)} pictures are left out of the training: they are in the challenge set."]


def prepare_known(
    known: KnownParts | None, config: TrainConfig, emit: Emit, stop: StopRequest, run: Path
) -> Prepared | None:
    """The known parts as the network sees them, None without any; `labels` are of the challenge set's own classes.

    Raises PictureError for an unreadable picture, Interrupted when asked to stop.
    """
    if known is None:
        return None

    def progress(done: int, total: int) -> None:
        stop.check()
        emit(TrainingProgress(stage="challenge", done=done, total=total))

    return prepare_samples(
        known.samples,
        known.dataset.classes,
        (),
        config.input,
        with_masks=False,
        threads=thread_budget(config.threads),
        progress=progress,
        spill=run / KNOWN_SPILL,
    )


def identity(sample: Sample) -> str:
    """What is the same for copies of one picture: its hash, or of a made part the line and its number there."""
    return sample.digest or "/".join(sample.key.split("/")[-2:])


def _in_words(name: str, dataset: Dataset, classes: Sequence[str], ok_classes: Sequence[str]) -> str:
    if name in classes or name not in dataset.ok_classes or len(ok_classes) > 1:
        return name
    return ok_classes[0] if ok_classes else SOUND


def _listed(names: Sequence[str] | Counter[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "")
