"""Class folders, with train, test and validation folders above them or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError
from engine.images.listing import PICTURE_SUFFIXES
from engine.images.pictures import read_picture
from engine.packages.package import sha256_of
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import read_json
from trainer.formats.samples.pictures import pictures_of
from trainer.formats.samples.several import with_further_classes

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


def looks_like(folder: Path) -> bool:
    """True when there are at least two class folders with pictures in them, or one below train or test."""
    tops = [p for p in _folders(folder) if p.name.lower() in PARTS] or [folder]
    classes = {c.name for top in tops for c in _folders(top) if _has_pictures(c)}
    return len(classes) >= (1 if tops != [folder] else 2)


def open_imagefolder(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture under `[train|test|val/]class/`. Raises DatasetError when there are none."""
    tops = [p for p in _folders(folder) if p.name.lower() in PARTS]
    samples: list[Sample] = []
    names, declared = _class_names(folder), set()
    for top in tops or [folder]:
        part = PARTS.get(top.name.lower(), "") if tops else ""
        for named in _folders(top):
            label = names.get(named.name, named.name)
            declared.add(label)
            samples += [_sample(path, folder, label, part) for path in pictures_of(named)]
    if len({s.label for s in samples}) < 2:
        raise DatasetError(
            f"{folder} holds fewer than two class folders with pictures.", "Put the pictures of each class in a folder."
        )
    samples = with_further_classes(samples, folder)
    notes = unseen_notes(declared, (name for s in samples for name in (s.label, *s.also)))
    return make_dataset(folder.resolve().name, "imagefolder", samples, ok_classes, folder, notes=notes)


def _class_names(folder: Path) -> dict[str, str]:
    """What a Lineside export calls the classes whose names cannot be a folder's: folder name to class."""
    path = folder / NAMES_FILE
    if not path.is_file():
        return {}
    return {place: label for place, label in read_json(path, MAX_NAMES_BYTES).items() if isinstance(label, str)}


def reading(path: Path) -> Callable[[], tuple[Pixels, Mask | None]]:
    """How a picture without a mask is read."""
    return lambda: (read_picture(path), None)


def _sample(path: Path, top: Path, label: str, part: Part) -> Sample:
    key = path.relative_to(top).as_posix()
    return Sample(key, label, key, reading(path), part=part, digest=sha256_of(path), path=path)


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _has_pictures(folder: Path) -> bool:
    return any(p.suffix.lower() in PICTURE_SUFFIXES for p in folder.iterdir())
