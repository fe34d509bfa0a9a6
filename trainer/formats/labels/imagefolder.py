"""Class folders, with train, test and validation folders above them or not.

Lots, lines and days may lie below the class (ok/lot1) and above it (line1/ok): where the outermost folders mean nothing
and folders below them say sound or defective, those are the classes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from engine.domain.inspection import Mask, Pixels
from engine.domain.sound_names import Said, is_sound, said_by
from engine.errors import DatasetError
from engine.images.listing import PICTURE_SUFFIXES, Why, list_folder
from engine.images.pictures import read_picture
from engine.packages.package import sha256_of
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import read_json
from trainer.formats.samples.mask_files import MASK_FOLDERS, MASK_WORDS
from trainer.formats.samples.pictures import folded, pictures_of
from trainer.formats.samples.several import with_further_classes
from trainer.formats.samples.unused import Leftovers

NO_CLASSES = frozenset({"thumbs", "thumbnails", "thumb", "cache", "__macosx", "@eadir", "preview", "previews"})
"""Folders that programs make for themselves, in small letters."""
NAMES_FILE = "classes.json"
MAX_NAMES_BYTES = 1024**2
PARTS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "test": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
_PART = re.compile(r"(?<![a-z])(train|valid|val|test)(?![a-z])")


def looks_like(folder: Path) -> bool:
    """True when at least two class folders, or one below train or test, hold pictures at any depth."""
    tops = _part_folders(folder) or [folder]
    classes = {c.name for top in tops for c in _class_folders(top)[0] if _holds_pictures(c)}
    return len(classes) >= (1 if tops != [folder] else 2)


def open_imagefolder(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture under `[train|test|val/]class/`. Raises DatasetError when there are none."""
    samples: list[Sample] = []
    names, declared, left, seen = _class_names(folder), set(), Leftovers(), set()
    for top in _part_folders(folder) or [folder]:
        classes, nameless = _class_folders(top, {*names, *ok_classes})
        _refuse_masks([named for named in classes if named.name not in names])
        for named in classes:
            label = names.get(named.name, named.name)
            declared.add(label)
            sound = label in ok_classes if ok_classes else is_sound(label)
            pictures, part = without_masks(pictures_of(named)), part_above(folder, named)
            samples += [
                _sample(path, folder, label, part)
                for path in pictures
                if not _contradicted(path, named, label, sound, left)
            ]
            masks = _masks(named, pictures)
            seen |= {*pictures, *masks}
            for mask in masks:
                left.add(mask, "it is the mask of the picture beside it, whose label is its folder's name.")
        for lot in nameless:
            left.add(lot, "no folder of it says what its pictures show, as those of others do.")
    if len({s.label for s in samples}) < 2:
        raise DatasetError(
            f"{folder} holds fewer than two class folders with pictures.", "Put the pictures of each class in a folder."
        )
    samples = with_further_classes(samples, folder)
    notes = unseen_notes(declared, (name for s in samples for name in (s.label, *s.also)))
    lost = sum(path not in seen for path in pictures_of(folder))
    if lost > 0:
        notes += (f"{lost} pictures lie in no class folder and are left out.",)
    notes += _half_said(declared) if not ok_classes else ()
    name = folder.resolve().name
    return make_dataset(name, "imagefolder", samples, ok_classes, folder, notes=notes, unused=left.found)


def _contradicted(path: Path, named: Path, label: str, sound: bool, left: Leftovers) -> bool:
    """Whether a folder below says the reverse of its class (`ok/NG/1.png`): then nobody knows what the part is."""
    said = {Said.SOUND if sound else Said.DEFECT, *map(said_by, path.relative_to(named).parts[:-1])}
    if not {Said.SOUND, Said.DEFECT} <= said:
        return False
    left.add(path, f"the folders above it say both sound and defective, and its class would be {label}.")
    return True


def _refuse_masks(classes: Sequence[Path]) -> None:
    """Raises DatasetError for a folder of masks (`gt/0.png` of `img/0.jpg`), which would be taught as parts."""
    for drawn in (named for named in classes if named.name.casefold() in MASK_FOLDERS):
        shown = {folded(path.stem) for top in classes if top != drawn for path in pictures_of(top)}
        masks = [_masked(path) or folded(path.with_suffix("").as_posix()) for path in pictures_of(drawn)]
        if any(Path(mask).name in shown for mask in masks):
            raise DatasetError(
                f"{drawn} holds masks by its name and theirs, and masks are no class of parts.",
                "Put the pictures into images and their masks into masks beside it, or give the folder another name.",
            )


def _half_said(classes: Collection[str]) -> tuple[str, ...]:
    """A sentence where a name says defective and none sound: then a class that says nothing must be the sound one."""
    bad = sorted(name for name in classes if said_by(name) is Said.DEFECT)
    if not bad or any(is_sound(name) for name in classes):
        return ()
    return (
        f"{bad[0]} says defective by its name and no class says sound: name the sound ones with --set ok_classes=NAME.",
    )


def without_masks(paths: Sequence[Path]) -> list[Path]:
    """The pictures without the masks among them: `0_mask.png` or `0_GT.png` beside a picture `0`."""
    known = {folded(path.with_suffix("").as_posix()) for path in paths}
    return [path for path in paths if _masked(path) not in known]


def _masks(folder: Path, pictures: Sequence[Path]) -> list[Path]:
    """Whatever lies there as a picture and is none of them."""
    listing = list_folder(folder)
    told = {left.path for left in listing.left_out if left.why is Why.MASK}
    return sorted({*listing.pictures, *told} - set(pictures))


def _masked(path: Path) -> str:
    """The name of the picture whose mask this would be; empty where it bears no mask's name."""
    name = folded(path.with_suffix("").as_posix())
    return next((name.removesuffix(word) for word in MASK_WORDS if name.endswith(word)), "")


def _class_names(folder: Path) -> dict[str, str]:
    """What a Lineside export calls the classes whose names cannot be a folder's: folder name to class."""
    path = folder / NAMES_FILE
    if not path.is_file():
        return {}
    return {place: label for place, label in read_json(path, MAX_NAMES_BYTES).items() if isinstance(label, str)}


def reading(path: Path) -> Callable[[], tuple[Pixels, Mask | None]]:
    """How a picture without a mask is read."""
    return lambda: (read_picture(path), None)


def part_above(folder: Path, path: Path) -> Part:
    """The part that one of the folders between tells, the outermost first; empty where none does."""
    names = (name.lower() for name in path.relative_to(folder).parts[:-1])
    return next((PARTS[name] for name in names if name in PARTS), "")


def part_in(name: str) -> Part:
    """The part that a word in a file's name tells (instances_train2017); empty where none does."""
    told = _PART.search(name.lower())
    return PARTS[told[1]] if told else ""


def _sample(path: Path, top: Path, label: str, part: Part) -> Sample:
    key = path.relative_to(top).as_posix()
    return Sample(key, label, key, reading(path), part=part, digest=sha256_of(path), path=path)


def _part_folders(folder: Path) -> list[Path]:
    return [p for p in _folders(folder) if p.name.lower() in PARTS]


def _class_folders(top: Path, known: Collection[str] = (), *, deep: bool = False) -> tuple[list[Path], list[Path]]:
    """The folders that are classes, and those among lots that hold no class; names in `known` are of classes.

    A lot's name says nothing and a folder somewhere in it does; where none does, the outermost folders are the classes.
    """
    inside = [p for p in _folders(top) if not (deep and p.is_symlink())]
    lots = [p for p in inside if any(_says(below, known) for below in _below(p))]
    if not lots or any(_says(p, known) for p in inside):
        return inside, []
    deeper = [_class_folders(lot, known, deep=True) for lot in lots]
    classes = [p for found, _ in deeper for p in found]
    nameless = [p for _, found in deeper for p in found] + [p for p in inside if p not in lots and _holds_pictures(p)]
    return classes, nameless


def _says(folder: Path, known: Collection[str]) -> bool:
    return (folder.name in known or said_by(folder.name) is not Said.NOTHING) and _holds_pictures(folder)


def _below(folder: Path) -> Iterator[Path]:
    """The folders in it, at any depth; links are not followed."""
    for root, folders, _names in os.walk(folder):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n.lower() not in NO_CLASSES)
        yield from (path for name in folders if not (path := Path(root, name)).is_symlink())


def _folders(folder: Path) -> list[Path]:
    """Those that may be a class's."""
    found = (p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    return sorted(p for p in found if p.name.lower() not in NO_CLASSES)


def _holds_pictures(folder: Path) -> bool:
    """At any depth: lots and days have folders of their own."""
    for _root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(Path(n).suffix.lower() in PICTURE_SUFFIXES and not n.startswith(".") for n in names):
            return True
    return False
