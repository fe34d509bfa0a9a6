"""MVTec AD, and what is laid out like it (LOCO, BTAD, VisA's split for PyTorch): a folder a product.

    train/good/*.png  test/good/*.png  test/KIND/*.png  ground_truth/KIND/NAME_mask.png, or NAME.png, or NAME/*.png

A picture of a kind without a mask is a defect all the same; where it ends is not known then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine.images.listing import list_pictures
from trainer.formats.labels.imagefolder import PARTS
from trainer.formats.published.masked import masked_sample, one_of, sets_below
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset
from trainer.formats.samples.mask_files import without_word
from trainer.formats.samples.pictures import SHARED, alike, folded, pictures_of
from trainer.formats.samples.unused import Leftovers

TRUTH = "ground_truth"
_Masks = dict[tuple[str, str], list[Path]]


def looks_like(folder: Path) -> bool:
    """True for a product's folder with ground_truth and test, and for one that holds such folders."""
    return _is_product(folder) or bool(sets_below(folder, _is_product))


def _is_product(folder: Path) -> bool:
    return (folder / TRUTH).is_dir() and (folder / "test").is_dir()


def open_mvtec(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture of the product; class = its folder's name. Raises DatasetError, also for several products."""
    product, left = one_of(folder, _is_product), Leftovers()
    masks = _masks(product / TRUTH)
    samples: list[Sample] = []
    used: set[tuple[str, str]] = set()
    for top in sorted(p for p in product.iterdir() if p.is_dir() and p.name.lower() in PARTS):
        part: Part = PARTS[top.name.lower()]
        pictures = pictures_of(top)
        shared = alike(pictures)
        for path in pictures:
            inside = path.relative_to(top)
            if len(inside.parts) < 2:
                left.add(path, "it lies in no folder of a kind.")
                continue
            key = (folded(inside.parts[0]), folded(path.stem))
            # Training pictures bear the numbers of test pictures; masks are of those.
            drawn = masks.get(key, []) if part == "test" else []
            if drawn and path in shared:
                if key not in used:
                    left.add(drawn[0], SHARED)
                drawn = []
            used |= {key} if key in masks and part == "test" else set()
            kind = inside.parts[0]
            sample = left.unless_read(path, partial(masked_sample, product, path, [kind], drawn, part))
            samples += [sample] if sample is not None else []
    for key in sorted(masks.keys() - used):
        left.add(masks[key][0], "there is no test picture of that name.")
    bare = sum(not s.has_mask for s in samples)
    notes = (f"{bare} defects have no mask.",) if bare else ()
    return make_dataset(product.resolve().name, "mvtec", samples, ok_classes, product, notes=notes, unused=left.found)


def _masks(truth: Path) -> _Masks:
    """The mask files by kind and picture: one, or those of a folder that bears the picture's name."""
    found: _Masks = defaultdict(list)
    for path in list_pictures(truth):
        kind, *rest = path.relative_to(truth).parts
        if rest:
            name = rest[0] if len(rest) > 1 else without_word(path.stem)
            found[folded(kind), folded(name)].append(path)
    return dict(found)
