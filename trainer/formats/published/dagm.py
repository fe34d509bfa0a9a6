"""DAGM 2007: a folder a texture, ClassN/Train and ClassN/Test with N.PNG and, for defects only, Label/N_label.PNG.

The masks are ellipses around the defects, a little larger than these. A picture without one is sound: so the set is
laid out; its Labels.txt repeats it, and where that says something else, the picture is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.images.listing import PICTURE_SUFFIXES, natural_key
from trainer.formats.labels.imagefolder import PARTS
from trainer.formats.published.masked import masked_sample, sets_below
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import read_text
from trainer.formats.samples.mask_files import KINDS, without_word
from trainer.formats.samples.pictures import SHARED, alike, folded
from trainer.formats.samples.unused import Leftovers

LABELS = "Label"
LIST = "Labels.txt"
"""Whatever its case is."""
MAX_LIST_BYTES = 16 * 1024**2
_ELLIPSES = "Its masks are ellipses around the defects, larger than these."


def looks_like(folder: Path) -> bool:
    """True for a texture's folder with Train/Label or Test/Label, and for one that holds such folders."""
    return _is_texture(folder) or bool(sets_below(folder, _is_texture))


def _is_texture(folder: Path) -> bool:
    return any(_label_folder(part).is_dir() for part in _part_folders(folder))


def _label_folder(part: Path) -> Path:
    """Whatever its case is."""
    return next((p for p in sorted(part.iterdir()) if p.is_dir() and p.name.lower() == LABELS.lower()), part / LABELS)


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _part_folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and p.name.lower() in PARTS)


def open_dagm(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture of all textures: `defect` where it has a mask, else `ok`. Raises DatasetError."""
    left = Leftovers()
    textures = [folder] if _is_texture(folder) else sets_below(folder, _is_texture)
    samples = [s for texture in textures for part in _part_folders(texture) for s in _samples(folder, part, left)]
    for place in (place for texture in [folder, *_folders(folder)] for place in _part_folders(texture)):
        if not _label_folder(place).is_dir() and _pictures(place):
            left.add(place, f"it has no folder {LABELS}, so which of its pictures are defective cannot be known.")
    notes = (_ELLIPSES, *unseen_notes(KINDS, (s.label for s in samples)))
    name = folder.resolve().name
    return make_dataset(name, "dagm", samples, ok_classes, folder, KINDS, notes=notes, unused=left.found)


def _samples(folder: Path, place: Path, left: Leftovers) -> list[Sample]:
    masks = {folded(without_word(path.stem)): path for path in _pictures(_label_folder(place))}
    listed = _listed(_label_folder(place), left)
    found: list[Sample] = []
    pictures = _pictures(place)
    shared = alike(pictures)
    for path in pictures:
        if path in shared:
            left.add(masks.pop(folded(path.stem), path), SHARED)
            continue
        mask, said = masks.pop(folded(path.stem), None), listed.pop(folded(path.stem), None)
        if said is not None and said is not bool(mask):
            words = "defective, and its label picture is missing" if said else f"sound, and {mask} is there"
            left.add(path, f"{LIST} says that it is {words}.")
            continue
        label, drawn = (KINDS[1], [mask]) if mask else (KINDS[0], [])
        part = PARTS[place.name.lower()]
        sample = left.unless_read(mask or path, partial(masked_sample, folder, path, [label], drawn, part))
        found += [replace(sample, assumed=mask is None)] if sample is not None else []
    for mask in masks.values():
        left.add(mask, "there is no picture of that name.")
    for name in sorted(name for name, defective in listed.items() if defective and name not in masks):
        left.add(_label_folder(place) / LIST, f"there is no picture {name}, which it calls defective.")
    return found


def _listed(folder: Path, left: Leftovers) -> dict[str, bool]:
    """Whether the list calls a picture defective: number, 0 or 1, picture's name, 0 or 1, label picture's name."""
    path = (
        next((p for p in sorted(folder.iterdir()) if p.name.lower() == LIST.lower()), None) if folder.is_dir() else None
    )
    text = left.unless_read(path, partial(read_text, path, MAX_LIST_BYTES)) if path else None
    found: dict[str, bool] = {}
    for number, row in enumerate(map(str.split, (text or "").splitlines()), start=1):
        if len(row) > 2 and row[1] in ("0", "1"):
            found[folded(Path(row[2]).stem)] = row[1] == "1"
        elif len(row) > 1:
            # A line of one number is their count, or the texture's.
            left.add(f"{path} line {number}", "it is not a number, 0 or 1, and a picture's name.")
    return found


def _pictures(place: Path) -> list[Path]:
    """Directly in there, masks too: they bear the name that elsewhere says that they are none."""
    if not place.is_dir():
        return []
    found = (p for p in place.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and not p.name.startswith("."))
    return sorted(found, key=lambda path: natural_key(path.relative_to(place)))
