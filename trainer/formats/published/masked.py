"""Pictures whose class a folder or a list tells and whose masks lie elsewhere; and folders that hold several sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path

import numpy as np

from engine.domain.inspection import Mask
from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import reading
from trainer.formats.samples.dataset import Part, Sample
from trainer.formats.samples.mask_files import read_mask
from trainer.formats.samples.pictures import check_size, check_upright, with_mask


def masked_sample(folder: Path, path: Path, labels: Sequence[str], masks: Sequence[Path], part: Part = "") -> Sample:
    """The picture as its first label, drawn by all its masks together; a sound one without masks has an empty one.

    A defective one has no mask where none is there or nothing of it is set. Raises DatasetError for masks of another
    size, and for one that draws a defect on a sound picture.
    """
    key = path.relative_to(folder).as_posix()
    if len({is_sound(label) for label in labels}) > 1:
        raise DatasetError(f"{path} is said to be sound and defective: {', '.join(labels)}.", "Correct its label.")
    drawn = is_sound(labels[0]) and not masks
    for mask in masks:
        pixels = read_mask(mask)
        check_upright(f"The mask {mask}", path)
        check_size(f"The mask {mask}", (pixels.shape[0], pixels.shape[1]), path)
        drawn = drawn or bool(pixels.any()) or is_sound(labels[0])
        if pixels.any() and is_sound(labels[0]):
            raise DatasetError(f"{mask} draws a defect on {path.name}, which is {labels[0]}.", "Correct one of them.")

    def union(height: int, width: int) -> Mask:
        return reduce(np.maximum, (read_mask(mask) for mask in masks), np.zeros((height, width), np.uint8))

    load = with_mask(path, union) if drawn else reading(path)
    return Sample(key, labels[0], key, load, drawn, part, sha256_of(path), path, tuple(labels[1:]))


def one_of(folder: Path, fits: Callable[[Path], bool]) -> Path:
    """The folder itself where it is a set, else the one below it. Raises DatasetError where several are: they show
    different products, and their names are no classes."""
    if fits(folder):
        return folder
    found = sets_below(folder, fits)
    if len(found) == 1:
        return found[0]
    if not found:
        raise DatasetError(f"{folder} does not lie in that layout.", "Leave --format out, and look what is found.")
    names = ", ".join(path.name for path in found[:20])
    raise DatasetError(f"{folder} holds {len(found)} data sets of different products: {names}.", "Open one of them.")


def sets_below(folder: Path, fits: Callable[[Path], bool]) -> list[Path]:
    """The folders directly below that are sets."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".") and fits(p))
