"""Pictures that are sound by their label, or for want of one, while something else says that they are defective: the
folder's name, or the label of the same picture in another place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.domain.sound_names import Said, said_by
from trainer.formats.samples.dataset import Dataset, Sample
from trainer.formats.samples.pictures import folded
from trainer.formats.samples.unused import Leftovers


def without_contradicted(dataset: Dataset, ok_classes: Collection[str]) -> Dataset:
    """The data set without them, each named: whether such a part is sound or defective nobody knows.

    A folder that the person named among `ok_classes` says nothing of a defect. One that says nothing by its name may be
    a kind of defect where it stands beside a folder of sound parts.
    """
    left, kept = Leftovers(list(dataset.unused)), []
    sound = _sound_folders(dataset.samples, ok_classes)
    for sample in dataset.samples:
        folder = _defective_folder(sample, ok_classes) if sample.label in dataset.ok_classes else ""
        if folder:
            said = "it has no label" if sample.assumed else f"its label says {sample.label}"
            left.add(sample.path, f"{said}, and its folder {folder} says defective.")
        elif sample.assumed and (pair := _beside_sound(sample, sound, ok_classes)):
            left.add(sample.path, f"it has no label, and its folder {pair[0]} beside {pair[1]} may name a defect.")
        else:
            kept.append(sample)
    return replace(dataset, samples=tuple(kept), unused=tuple(left.found))


def without_copies_of_defects(dataset: Dataset) -> Dataset:
    """The data set without pictures that lack a label while the same one bears that of a defect.

    Copies byte for byte, which tools put into a folder of their own, are counted; one of a defect's name in its folder
    is named, for whether it is that part saved anew nobody knows.
    """
    defects = [s for s in dataset.samples if s.label not in dataset.ok_classes]
    digests = {s.digest for s in defects if s.digest}
    beside = {_place(s.path): s for s in defects if s.path is not None}
    others = [s for s in dataset.samples if not (s.assumed and s.digest in digests)]
    left, kept = Leftovers(list(dataset.unused)), []
    for sample in others:
        defect = beside.get(_place(sample.path)) if sample.assumed and sample.path is not None else None
        if defect is not None:
            left.add(sample.path, f"it has no label, and {defect.key}, which is {defect.label}, may be the same part.")
        else:
            kept.append(sample)
    notes = dataset.notes
    if copies := len(dataset.samples) - len(others):
        notes += (f"{copies} pictures without a label are copies of labelled defects and are left out.",)
    return replace(dataset, samples=tuple(kept), notes=notes, unused=tuple(left.found))


def _sound_folders(samples: Sequence[Sample], ok_classes: Collection[str]) -> dict[tuple[str, ...], str]:
    """Which folders hold one of sound parts, and its name."""
    found = {}
    for sample in samples:
        folders = sample.key.split("/")[:-1] if sample.path is not None else []
        for depth, name in enumerate(folders):
            if name in ok_classes or said_by(name) is Said.SOUND:
                found[tuple(folders[:depth])] = name
    return found


def _beside_sound(
    sample: Sample, sound: Mapping[tuple[str, ...], str], ok_classes: Collection[str]
) -> tuple[str, str] | None:
    folders = sample.key.split("/")[:-1] if sample.path is not None else []
    for depth, name in enumerate(folders):
        beside = sound.get(tuple(folders[:depth]), name)
        if beside != name and name not in ok_classes and said_by(name) is Said.NOTHING:
            return name, beside
    return None


def _place(path: Path) -> tuple[Path, str]:
    return path.parent, folded(path.stem)


def _defective_folder(sample: Sample, ok_classes: Collection[str]) -> str:
    folders = sample.key.split("/")[:-1] if sample.path is not None else []
    return next((name for name in folders if said_by(name) is Said.DEFECT and name not in ok_classes), "")
