"""Masks in a data set whose labels are of another kind: beside a picture, as `b_mask.png`, or in a folder of masks.

A reader of boxes or outlines takes such a file for one more picture without a label, and its picture for sound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.errors import DatasetError, PictureError
from engine.images.listing import PICTURE_SUFFIXES
from trainer.formats.samples.dataset import Dataset
from trainer.formats.samples.label_files import files_below
from trainer.formats.samples.mask_files import MASK_FOLDERS, read_mask, without_word
from trainer.formats.samples.pictures import JPEG_SUFFIXES, folded
from trainer.formats.samples.unused import Leftovers

NOT_READ = ("coco", "cvat", "label-studio", "labelme", "voc", "yolo")
"""Layouts of boxes and outlines, where no mask is read that lies in a file of its own."""


def without_lone_masks(dataset: Dataset, folder: Path) -> Dataset:
    """The data set without pictures that are masks of others, and with each mask named whose picture has no label.

    In a set of boxes or outlines a picture is left out, too, whose label says sound while its mask says a defect.
    """
    paths = [sample.path for sample in dataset.samples if sample.assumed and sample.path is not None]
    if not paths and dataset.format not in NOT_READ:
        return dataset
    bases = {folded(s.path.stem) for s in dataset.samples if s.path is not None and not _in_masks(s.path, folder)}
    masks = {path for path in paths if _is_mask_of(path, folder, bases)}
    kept = tuple(sample for sample in dataset.samples if sample.path not in masks)
    notes = dataset.notes
    if masks:
        count = f"{len(masks)} pictures are masks" if len(masks) > 1 else "One picture is a mask"
        notes += (f"{count} of others by name or folder, and no parts.",)
    left = Leftovers(list(dataset.unused))
    sound = [s for s in kept if s.label in dataset.ok_classes and (s.assumed or dataset.format in NOT_READ)]
    said = {s.path for s in sound if not s.assumed}
    stems = Counter(folded(sample.path.stem) for sample in kept if sample.path is not None)
    shown, lost = {s.path for s in kept if s.path is not None}, set[Path]()
    for path, picture in _masks_for((s.path for s in sound if s.path is not None), stems, folder, shown):
        left.add(path, f"it may be a picture's mask, and as {dataset.format} nothing is read from it.")
        lost |= {picture} & said
    kept = tuple(sample for sample in kept if sample.path is None or sample.path not in lost)
    return replace(dataset, samples=kept, notes=notes, unused=tuple(left.found))


def _is_mask_of(path: Path, folder: Path, bases: set[str]) -> bool:
    base = folded(without_word(path.stem))
    return base in bases and (base != folded(path.stem) or _in_masks(path, folder))


def _masks_for(
    sound: Iterable[Path], stems: Counter[str], folder: Path, shown: set[Path]
) -> Iterator[tuple[Path, Path]]:
    """What may be the mask of a sound picture and is not black all over, and that picture."""
    beside = {(path.parent, folded(path.stem)): path for path in sound}
    # Where several pictures bear the name, a mask elsewhere may be that of another.
    alone = {name: path for (_, name), path in beside.items() if stems[name] == 1}
    for path in files_below(folder, ""):
        if path in shown or path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        base = folded(without_word(path.stem))
        worded, picture = base != folded(path.stem), beside.get((path.parent, base))
        twin = picture is not None and picture.suffix.lower() in JPEG_SUFFIXES and path.suffix.lower() == ".png"
        placed = alone.get(base) if worded or _in_masks(path, folder) else None
        meant = placed or (picture if twin or worded else None)
        if meant is not None and _says_something(path):
            yield path, meant


def _in_masks(path: Path, folder: Path) -> bool:
    return any(part.lower() in MASK_FOLDERS for part in path.relative_to(folder).parts[:-1])


def _says_something(path: Path) -> bool:
    try:
        return bool(read_mask(path).any())
    except (DatasetError, PictureError):
        return True
