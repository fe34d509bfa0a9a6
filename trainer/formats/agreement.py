"""What labels of other kinds in the same folder say: two tools may have worked on the same pictures.

Only one kind is taught. A picture of which one kind says a defect and another one that it is sound is neither, and what
another kind holds and cannot be used is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from trainer.formats.samples.dataset import Dataset, OneClassError, Sample
from trainer.formats.samples.unused import Leftovers, Unused

Open = Callable[[Path, Sequence[str]], Dataset]


def without_disagreement(
    dataset: Dataset, folder: Path, ok_classes: Collection[str], others: Iterable[tuple[str, Open]]
) -> Dataset:
    """The data set without pictures of which one of `others` says the reverse, each named."""
    for name, read in others:
        try:
            dataset = _compared(dataset, read(folder, ()), ok_classes)
        except OneClassError as error:
            dataset = _compared(dataset, error.dataset, ok_classes)
        except DatasetError as error:
            left = Leftovers(list(dataset.unused))
            left.add(folder, f"as {name} nothing can be read: {error.message}")
            dataset = replace(dataset, unused=tuple(left.found))
    return dataset


def _compared(dataset: Dataset, other: Dataset, ok_classes: Collection[str]) -> Dataset:
    known = {one.where for one in dataset.unused}
    left = Leftovers([*dataset.unused, *(one for one in other.unused if one.where not in known)])
    said = {sample.path: sample for sample in other.samples}
    kept = []
    for sample in dataset.samples:
        words = _against(sample, said.get(sample.path), dataset, other, ok_classes) if sample.path else ""
        if words:
            left.add(sample.path, words)
        else:
            kept.append(sample)
    read_from = (*dataset.read_from, *other.read_from)
    return replace(dataset, samples=tuple(kept), unused=tuple(left.found), read_from=read_from)


def _against(sample: Sample, said: Sample | None, one: Dataset, other: Dataset, ok_classes: Collection[str]) -> str:
    """In words how the other kind contradicts; empty where it does not."""
    sound = sample.label in one.ok_classes
    if said is None:
        lost = sound and not sample.assumed and _told_of(sample.path, other.unused)
        return f"as {one.format} it is {sample.label}, and as {other.format} its label is not used." if lost else ""
    defects = [n for n in (said.label, *said.also) if not (is_sound(n) or n in ok_classes)]
    if bool(defects) != sound or (not sound and said.assumed):
        return ""
    mine = "it has no label" if sample.assumed else f"it is {sample.label}"
    return f"as {one.format} {mine}, and as {other.format} it is {next(iter(defects), said.label)}."


def _told_of(path: Path | None, unused: Iterable[Unused]) -> bool:
    """Whether one of them bears the picture's name, or tells it."""
    named = re.compile(rf"(?<!\w){re.escape(path.stem)}(?!\w)") if path else None
    return named is not None and any(named.search(str(one)) for one in unused)
