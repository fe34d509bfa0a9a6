"""Pictures in images/ and masks of the same names in masks/: 255 = defect, all 0 on sound pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine.images.listing import Why, list_folder
from engine.packages.package import sha256_of
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unseen_notes
from trainer.formats.samples.mask_files import KINDS, MASK_WORDS, read_mask
from trainer.formats.samples.pictures import PictureIndex, check_size, check_upright, folded, missing_notes, with_mask
from trainer.formats.samples.unused import Leftovers

PICTURES = ("images", "image", "imgs", "img")
MASKS = ("masks", "mask", "ground_truth", "groundtruth", "gt")
"""What tools call the two folders, in small letters; the first that is there."""


def looks_like(folder: Path) -> bool:
    """True when there are a folder of pictures and one of masks by their names, in whatever letters."""
    return all(_named(folder, names).is_dir() for names in (PICTURES, MASKS))


def open_masks(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that has a mask; `defect` where any of its pixels is set, else `ok`. Raises DatasetError."""
    # Of masks none is another's: a PNG beside a JPEG of its name is a second one, and `_label` a word as any.
    shown, drawn_in = _named(folder, PICTURES), _named(folder, MASKS)
    listing = list_folder(drawn_in)
    named = [left.path for left in listing.left_out if left.why is Why.MASK]
    pictures, masks = PictureIndex(shown), [*listing.pictures, *named]
    left = Leftovers()
    pairs, drawn = _by_stem(pictures.paths, shown), _by_stem(masks, drawn_in)
    for stem in sorted(pairs.keys() & drawn.keys()):
        if len(pairs[stem]) > 1 or len(drawn[stem]) > 1:
            several = ", ".join(path.name for path in (*pairs.pop(stem), *drawn.pop(stem)))
            left.add(drawn_in / stem, f"which mask is which picture's cannot be told of {several}.")
    for stem in sorted(drawn.keys() - pairs.keys()):
        left.add(drawn[stem][0], "there is no picture of that name.")
    missing = len(drawn.keys() - pairs.keys())
    notes = missing_notes(folder, len(drawn), missing, str(shown))
    masked = {paths[0]: drawn[stem][0] for stem, paths in pairs.items() if stem in drawn}
    read = [left.unless_read(mask, partial(_sample, folder, path, mask)) for path, mask in masked.items()]
    samples = [sample for sample in read if sample is not None]
    if len(pairs) > len(masked):
        notes += (f"{len(pairs) - len(masked)} pictures have no mask and are left out.",)
    notes += unseen_notes(KINDS, (s.label for s in samples))
    name = folder.resolve().name
    return make_dataset(name, "masks", samples, ok_classes, folder, KINDS, missing, notes, left.found)


def _named(folder: Path, names: Sequence[str]) -> Path:
    """The folder of the first of the names, `Images` as well as `images`; the first name where there is none."""
    found = {path.name.casefold(): path for path in sorted(folder.iterdir(), reverse=True) if path.is_dir()}
    return next((found[name] for name in names if name in found), folder / names[0])


def _sample(folder: Path, path: Path, mask_file: Path) -> Sample:
    mask = read_mask(mask_file)
    check_upright(f"The mask {mask_file}", path)
    check_size(f"The mask {mask_file}", (mask.shape[0], mask.shape[1]), path)
    kind = KINDS[1] if mask.any() else KINDS[0]
    key = path.relative_to(folder).as_posix()
    return Sample(
        key, kind, key, with_mask(path, lambda *_: read_mask(mask_file)), True, digest=sha256_of(path), path=path
    )


def _by_stem(paths: Sequence[Path], top: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        found[_stem(path, top)].append(path)
    return found


def _stem(path: Path, top: Path) -> str:
    """A picture's name as its mask bears it, whatever the case; tools put a word behind it."""
    name = folded(path.relative_to(top).with_suffix("").as_posix())
    return next((name.removesuffix(word) for word in MASK_WORDS if name.endswith(word)), name)
