"""Pictures that are sound by their label, or for want of one, in a folder whose name says defective."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from engine.domain.sound_names import Said, said_by
from trainer.formats.samples.dataset import Dataset, Sample
from trainer.formats.samples.unused import Leftovers


def without_contradicted(dataset: Dataset, ok_classes: Collection[str]) -> Dataset:
    """The data set without them, each named: whether such a part is sound or defective nobody knows.

    A folder that the person named among `ok_classes` says nothing of a defect.
    """
    left, kept = Leftovers(list(dataset.unused)), []
    for sample in dataset.samples:
        folder = _defective_folder(sample, ok_classes) if sample.label in dataset.ok_classes else ""
        if folder:
            said = "it has no label" if sample.assumed else f"its label says {sample.label}"
            left.add(sample.path, f"{said}, and its folder {folder} says defective.")
        else:
            kept.append(sample)
    return replace(dataset, samples=tuple(kept), unused=tuple(left.found))


def _defective_folder(sample: Sample, ok_classes: Collection[str]) -> str:
    folders = sample.key.split("/")[:-1] if sample.path is not None else []
    return next((name for name in folders if said_by(name) is Said.DEFECT and name not in ok_classes), "")
