"""What a data set teaches: its pictures at the model's size, with the words that were said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.backbone.size import input_size
from engine.backends.openvino import LEARNT
from engine.domain.inspection import Pixels
from engine.errors import DatasetError, InputError, LinesideError, PictureError
from engine.packages.manifest import Manifest
from engine.packages.package import ModelPackage
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.placement import prepare, prepare_mask
from engine.teaching.course import teaches_places
from engine.teaching.words import Word
from trainer.data.material import replay
from trainer.formats.samples.dataset import Dataset, Sample

LOOKED_AT = 32
"""Pictures that the input size is chosen from, evenly spread over the set."""
EVERY = 10**9


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """Words, and the classes they are in: sound ones first."""

    words: tuple[Word, ...]
    classes: tuple[str, ...]
    ok_classes: tuple[str, ...]
    spec: InputSpec
    notes: tuple[str, ...]


def material(
    dataset: Dataset,
    *,
    good_only: bool = False,
    parent: ModelPackage | None = None,
    progress: Callable[[int, int], None],
) -> Taught:
    """Read what is taught; pictures that the set keeps for a test are not. Raises DatasetError where nothing is."""
    samples, notes = _chosen(dataset, good_only)
    before = list[Sample]()
    classes, ok_classes = dataset.classes, dataset.ok_classes
    if parent is not None:
        classes, ok_classes = _with_parent(parent.manifest, dataset)
        more, said = replay(parent, EVERY, 0)
        before = [s for s in more if not good_only or s.label in ok_classes]
        notes += said
    if good_only:
        classes = tuple(name for name in classes if name in ok_classes)
    shown = {s.label for s in (*before, *samples)}
    classes = tuple(name for name in classes if name in shown)
    ok_classes = tuple(name for name in ok_classes if name in shown)
    learnt = parent is not None and parent.manifest.architecture == LEARNT
    spec = parent.manifest.input if parent is not None and learnt else _spec([*before, *samples], classes, ok_classes)
    words = _once(_words(before, spec, progress), _words(samples, spec, progress))
    unpainted = sum(word.mask is None and word.word not in ok_classes for word in words)
    if unpainted and teaches_places(words, classes, ok_classes):
        notes.append(
            f"{unpainted} defective pictures on which no place is painted are not taught: the painted ones are."
        )
    return Taught(tuple(words), classes, ok_classes, spec, tuple(notes))


def _chosen(dataset: Dataset, good_only: bool) -> tuple[list[Sample], list[str]]:
    taught = [s for s in dataset.samples if s.part != "test"]
    notes = [*dataset.notes]
    if kept := len(dataset.samples) - len(taught):
        notes.append(f"{kept} pictures that the data set keeps for a test are not taught.")
    if good_only:
        taught = [s for s in taught if s.label in dataset.ok_classes and not s.partly]
    if not taught:
        what = "no sound picture" if good_only else "no picture to learn from"
        raise DatasetError(f"The data set {dataset.id} holds {what}.", "Add some, or name them with --ok-classes.")
    return taught, notes


def _with_parent(parent: Manifest, dataset: Dataset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parent's classes, then new ones. Raises DatasetError where one calls sound what the other calls a defect."""
    known = set(parent.class_names)
    for name in dataset.classes:
        if name in known and (name in parent.ok_classes) != (name in dataset.ok_classes):
            raise DatasetError(
                f"{name} is sound in one of the two and a defect in the other.", "Say which with --ok-classes."
            )
    sound = tuple(dict.fromkeys([*parent.ok_classes, *dataset.ok_classes]))
    defects = [n for n in (*parent.class_names, *dataset.classes) if n not in sound]
    return (*sound, *dict.fromkeys(defects)), sound


def _spec(samples: Sequence[Sample], classes: Sequence[str], ok_classes: Sequence[str]) -> InputSpec:
    """Size and channels by a look at some pictures."""
    step = max(1, len(samples) // LOOKED_AT)
    looked: list[Pixels] = []
    for sample in samples[::step]:
        try:
            looked.append(sample.load()[0])
        except LinesideError:
            # It is refused by name when all are read.
            continue
    masked = [Word("", s.label, np.zeros((1, 1, 1), np.uint8), np.ones((1, 1), np.uint8) if s.has_mask else None)
              for s in samples]  # fmt: skip
    places = teaches_places(masked, classes, ok_classes)
    height, width = input_size([(p.shape[0], p.shape[1]) for p in looked], places=places)
    return InputSpec(height=height, width=width, channels=1 if all(_grey(p) for p in looked) else 3)


def _grey(pixels: Pixels) -> bool:
    return pixels.ndim == 2 or pixels.shape[2] == 1 or bool((pixels == pixels[..., :1]).all())


def _words(samples: Sequence[Sample], spec: InputSpec, progress: Callable[[int, int], None]) -> list[Word]:
    found, bad = [], list[LinesideError]()
    for done, sample in enumerate(samples, start=1):
        try:
            pixels, mask = sample.load()
            if mask is not None and mask.shape[:2] != pixels.shape[:2]:
                raise InputError(f"The mask of {sample.key} has another size than its picture.", "Draw it again.")
        except (PictureError, DatasetError, InputError) as error:
            bad.append(error)
            continue
        drawn = prepare_mask(mask, spec) if mask is not None and mask.any() else None
        found.append(Word(sample.group, sample.label, prepare(pixels, spec), drawn))
        progress(done, len(samples))
    if bad:
        first = bad[0]
        raise DatasetError(
            f"{len(bad)} of {len(samples)} pictures cannot be used; the first: {first.message}", first.remedy
        )
    return found


def _once(before: Sequence[Word], now: Sequence[Word]) -> list[Word]:
    """Each picture once: what is said now goes before what the parent was taught. Raises DatasetError for two words."""
    said: dict[bytes, Word] = {}
    for word in now:
        known = said.setdefault(word.picture.tobytes(), word)
        if known.word != word.word:
            raise DatasetError(
                f"The same picture is labelled {known.word} and {word.word}.", "Look with `lineside data inspect`."
            )
    return [*({word.picture.tobytes(): word for word in before} | said).values()]
