"""Pictures in images/ and masks of the same names in masks/: 255 = defect, all 0 on sound pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.packages.package import sha256_of
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unseen_notes
from trainer.formats.samples.mask_files import KINDS, read_mask
from trainer.formats.samples.pictures import PictureIndex, check_size, missing_notes, with_mask

PICTURES, MASKS = "images", "masks"


def looks_like(folder: Path) -> bool:
    """True when there are a folder images and a folder masks."""
    return (folder / PICTURES).is_dir() and (folder / MASKS).is_dir()


def open_masks(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that has a mask; `defect` where any of its pixels is set, else `ok`. Raises DatasetError."""
    pictures, masks = PictureIndex(folder / PICTURES), PictureIndex(folder / MASKS)
    pairs = {_stem(path, folder / PICTURES): path for path in pictures.paths}
    drawn = {_stem(path, folder / MASKS): path for path in masks.paths}
    missing = len(drawn.keys() - pairs.keys())
    notes = missing_notes(folder, len(drawn), missing, f"{folder / PICTURES}")
    samples = [_sample(folder, path, drawn[stem]) for stem, path in pairs.items() if stem in drawn]
    if len(pairs) > len(samples):
        notes += (f"{len(pairs) - len(samples)} pictures have no mask and are left out.",)
    notes += unseen_notes(KINDS, (s.label for s in samples))
    name = folder.resolve().name
    return make_dataset(name, "masks", samples, ok_classes, folder, KINDS, missing, notes)


def _sample(folder: Path, path: Path, mask_file: Path) -> Sample:
    mask = read_mask(mask_file)
    check_size(f"The mask {mask_file}", (mask.shape[0], mask.shape[1]), path)
    kind = KINDS[1] if mask.any() else KINDS[0]
    key = path.relative_to(folder).as_posix()
    return Sample(
        key, kind, key, with_mask(path, lambda *_: read_mask(mask_file)), True, digest=sha256_of(path), path=path
    )


def _stem(path: Path, top: Path) -> str:
    return path.relative_to(top).with_suffix("").as_posix()
