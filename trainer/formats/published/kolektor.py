"""KolektorSDD: item folders with PartN.jpg beside PartN_label.png (or .bmp); KolektorSDD2: train/ and test/ with N.png
beside N_GT.png. A mask of which nothing is set is a sound picture's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from engine.domain.inspection import Mask, Pixels
from engine.domain.sound_names import Said, said_by
from engine.errors import DatasetError
from engine.images.listing import PICTURE_SUFFIXES
from engine.packages.package import sha256_of
from trainer.formats.labels import imagefolder
from trainer.formats.labels.imagefolder import PARTS
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import files_below
from trainer.formats.samples.mask_files import KINDS, read_mask
from trainer.formats.samples.pictures import SHARED, alike, check_size, check_upright, folded, pictures_of, with_mask
from trainer.formats.samples.unused import Leftovers

LABEL_SUFFIXES = ("_label.png", "_label.bmp", "_gt.png")
"""Whatever their case."""


def looks_like(folder: Path) -> bool:
    """True when some item folder holds pictures with label pictures beside them, and parts where masks are named so.

    Where folders may be classes, half of the pictures must have one, and of each folder that says sound or defective:
    a single mask makes no such set.
    """
    items = [p for p in folder.iterdir() if p.is_dir()]
    if {"images", "masks"} <= {p.name.casefold() for p in items}:
        # There the word behind a mask's name tells nothing.
        return False
    counts = [_counts(item) for item in items]
    labels, pictures = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    said = [count for item, count in zip(items, counts, strict=True) if said_by(item.name) is not Said.NOTHING]
    whole = all(2 * masked >= shown for masked, shown in (*said, (labels, pictures)))
    return labels > 0 and (whole or not imagefolder.looks_like(folder))


def _counts(item: Path) -> tuple[int, int]:
    """How many label pictures lie in the folder, and how many others."""
    suffixes = LABEL_SUFFIXES if item.name.lower() in PARTS else LABEL_SUFFIXES[:2]
    labels = [_is_label(p, suffixes) for p in item.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES]
    return sum(labels), len(labels) - sum(labels)


def _is_label(path: Path, suffixes: tuple[str, ...] = LABEL_SUFFIXES) -> bool:
    return path.name.lower().endswith(suffixes)


def open_kolektor(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that has its label picture; `defect` where any pixel of it is set, else `ok`.

    The group is the item, or the picture itself where the folders are parts. Raises DatasetError.
    """
    left, samples, lonely = Leftovers(), [], 0
    drawn, used = _labels(folder), set[tuple[Path, str]]()
    pictures = [path for path in pictures_of(folder) if not _is_label(path)]
    shared = alike(pictures)
    for path in pictures:
        place = (path.parent, folded(path.stem))
        labels, first = drawn.get(place, []), place not in used
        used.add(place)
        if not labels:
            lonely += 1
            continue
        if path in shared:
            if first:
                left.add(labels[0], SHARED)
            continue
        sample = left.unless_read(labels[0], partial(_sample, folder, path, labels))
        samples += [sample] if sample is not None else []
    if not samples and not left.found:
        raise DatasetError(
            f"{folder} holds no picture with a _label picture beside it.", "Keep each mask as PartN_label.png."
        )
    for alone in sorted(path for place in drawn.keys() - used for path in drawn[place]):
        left.add(alone, "there is no picture of that name beside it.")
    # Of one kind only, it can still be judged; what is taught needs both.
    notes = unseen_notes(KINDS, (s.label for s in samples))
    if lonely:
        notes += (f"{lonely} pictures have no label picture beside them and are left out.",)
    name = folder.resolve().name
    return make_dataset(name, "kolektor", samples, ok_classes, folder, KINDS, notes=notes, unused=left.found)


def _sample(folder: Path, path: Path, labels: Sequence[Path]) -> Sample:
    label, mask = labels[0], read_mask(labels[0])
    if not all(np.array_equal(read_mask(other), mask) for other in labels[1:]):
        raise DatasetError(f"{label} says something else of {path.name} than {labels[1].name}.", "Keep one of them.")
    check_upright(f"The mask {label}", path)
    check_size(f"The mask {label}", (mask.shape[0], mask.shape[1]), path)
    kind = KINDS[1] if mask.any() else KINDS[0]
    key = path.relative_to(folder).as_posix()
    part: Part = PARTS.get(path.parent.name.lower(), "")
    group = key if part else path.parent.relative_to(folder).as_posix()
    return Sample(key, kind, group, _reading(path, label), True, part, sha256_of(path), path)


def _reading(path: Path, label: Path) -> Callable[[], tuple[Pixels, Mask | None]]:
    return with_mask(path, lambda *_: read_mask(label))


def _labels(folder: Path) -> dict[tuple[Path, str], list[Path]]:
    """The label pictures by where they lie and the picture's name, in the order of their suffixes."""
    found: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for suffix in LABEL_SUFFIXES:
        for path in files_below(folder, suffix):
            found[path.parent, folded(path.name[: -len(suffix)])].append(path)
    return found
