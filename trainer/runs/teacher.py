"""What a distillation learns from: any package's scores of every picture, through the line's own backend in fp32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Outcome
from engine.errors import DatasetError, InputError, UsageError
from engine.images.listing import Listing, in_words, list_folder
from engine.names import name_of, path_of
from engine.packages.package import ModelPackage, open_package, sha256_of
from engine.recipes.file import default_recipe, without_review
from engine.system.threads import thread_budget
from engine.training import TrainingNote, TrainingProgress
from trainer.config import TrainConfig
from trainer.evaluation.evaluate import JudgedSample, judge
from trainer.formats.labels.imagefolder import reading
from trainer.formats.samples.dataset import UNLABELLED, Dataset, Sample, make_dataset
from trainer.runs.request import TrainRequest, opened
from trainer.runtime.interrupt import StopRequest
from trainer.runtime.progress import Emit


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A teacher, the data set in its classes, and its scores (K of them) of every sample by the sample's key."""

    teacher: ModelPackage
    dataset: Dataset
    soft: Mapping[str, NDArray[np.float32]]

    def scores_for(self, samples: Sequence[Sample]) -> NDArray[np.float32]:
        """N×K in the samples' order."""
        return np.stack([self.soft[s.key] for s in samples])


def lesson_of(request: TrainRequest, config: TrainConfig, emit: Emit, stop: StopRequest) -> Lesson:
    """Open the request's teacher and data set and let the one score the other.

    Raises PackageError, DatasetError (unreadable pictures, classes that the teacher does not know), UsageError.
    """
    teacher = open_package(path_of(request.teacher))
    if (config.head == "sigmoid") != (teacher.manifest.head == "sigmoid"):
        raise UsageError(
            f"The head {config.head} cannot learn from {teacher.manifest.name}, whose head is {teacher.manifest.head}.",
            "Leave `head` out.",
        )
    if request.unlabelled:
        listing = _listed(Path(request.dataset))
        dataset = unlabelled_pictures(listing, teacher)
        if listing.left_out:
            emit(TrainingNote(text=f"Of {listing.folder} {in_words(listing.left_out)}."))
    else:
        dataset = in_the_words_of(teacher, opened(request, config.ok_classes))
    soft: dict[str, NDArray[np.float32]] = {}
    kept: list[Sample] = []
    lost: list[str] = []
    for judged in _judged(teacher, dataset, config, emit, stop):
        reason = _unusable(judged, must_judge=request.unlabelled)
        if reason or judged.prediction is None:
            lost.append(reason)
            continue
        soft[judged.sample.key] = np.array(judged.prediction.scores.values, np.float32)
        kept.append(_labelled(judged, teacher) if request.unlabelled else judged.sample)
    if lost and not (request.unlabelled and kept):
        raise DatasetError(f"The teacher could not score {len(lost)} pictures: {lost[0]}", "Take them out.")
    if lost:
        emit(TrainingNote(text=f"{len(lost)} pictures are left out, the first because: {lost[0]}"))
    if request.unlabelled:
        emit(TrainingNote(text="All labels are the teacher's own: the figures tell how well the student agrees."))
    return Lesson(teacher, replace(dataset, samples=tuple(kept)), soft)


def in_the_words_of(teacher: ModelPackage, dataset: Dataset) -> Dataset:
    """The data set with the teacher's classes; the one sound class may have another name there.

    Raises DatasetError where it has a class the teacher does not know.
    """
    known, sound = teacher.manifest.class_names, teacher.manifest.ok_classes
    renamed = {n: sound[0] for n in dataset.ok_classes if n not in known and len(sound) == 1}
    samples = tuple(replace(s, label=renamed[s.label]) if s.label in renamed else s for s in dataset.samples)
    unknown = {name for s in samples for name in (s.label, *s.also)} - set(known)
    if unknown:
        raise DatasetError(
            f"The teacher {teacher.manifest.name} does not know the class {min(unknown)!r}.",
            f"Leave those pictures out; it knows {', '.join(known)}.",
        )
    return replace(dataset, classes=known, ok_classes=sound, samples=samples)


def unlabelled_pictures(listing: Listing, teacher: ModelPackage) -> Dataset:
    """Every picture of a folder, for now with the teacher's first class. Raises DatasetError."""
    folder, first = listing.folder, teacher.manifest.class_names[0]
    samples = []
    for path in listing.pictures:
        key = name_of(path.relative_to(folder).as_posix())
        samples.append(Sample(key, first, key, reading(path), digest=sha256_of(path), path=path))
    made = make_dataset(folder.resolve().name, UNLABELLED, samples, (), folder, teacher.manifest.class_names)
    return replace(made, classes=teacher.manifest.class_names, ok_classes=teacher.manifest.ok_classes)


def _listed(folder: Path) -> Listing:
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", "Give a folder of pictures.")
    return list_folder(folder)


def _judged(
    teacher: ModelPackage, dataset: Dataset, config: TrainConfig, emit: Emit, stop: StopRequest
) -> Iterator[JudgedSample]:
    recipe = without_review(default_recipe(teacher))
    total = len(dataset.samples)
    found = judge(teacher, list(dataset.samples), recipe, threads=thread_budget(config.threads), precision="f32")
    for done, judged in enumerate(found, 1):
        stop.check()
        emit(TrainingProgress(stage="teacher", done=done, total=total))
        yield judged


def _unusable(judged: JudgedSample, *, must_judge: bool) -> str:
    """Why a picture cannot be learnt from; empty where it can."""
    if judged.error or judged.prediction is None:
        return judged.error or "it was not judged."
    if not np.isfinite(judged.prediction.scores.values).all():
        return f"the scores of {judged.sample.key} are no numbers."
    if must_judge and judged.verdict.unknown:
        return f"{judged.sample.key} is unlike the parts the teacher knows ({judged.verdict.reasons[0]})."
    if must_judge and judged.verdict.outcome is Outcome.NO_VERDICT:
        return f"{judged.sample.key} is not fit to be judged ({'; '.join(judged.verdict.reasons)})."
    return ""


def _labelled(judged: JudgedSample, teacher: ModelPackage) -> Sample:
    """The sample with the teacher's label; without a sound class of its own, the likeliest class."""
    names = teacher.manifest.class_names
    assert judged.prediction is not None
    likeliest = names[int(np.argmax(judged.prediction.scores.values))]
    return replace(judged.sample, label=judged.verdict.label if judged.verdict.label in names else likeliest)
