"""Label files that a reader passed over although they bear the name of a picture that is sound.

Two tools may have worked in one folder, a label folder may have been moved, a file may be cut short before what tells
its kind: the reader of the found layout does not see such a file, and its defect would be taught as sound.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.images.listing import PICTURE_SUFFIXES
from trainer.formats.samples.dataset import Dataset, Sample
from trainer.formats.samples.label_files import draws_something, files_below, places_told
from trainer.formats.samples.mask_files import MASK_FOLDERS, without_word
from trainer.formats.samples.pictures import folded
from trainer.formats.samples.unused import Leftovers

SUFFIXES = (".json", ".xml", ".txt")
TABLES = (".json", ".csv", ".xml")
"""What may hold the labels of many pictures."""
_HEAD_BYTES = 4096


def with_overlooked(dataset: Dataset, folder: Path) -> Dataset:
    """The data set, with every label file named that bears the name of a sound picture and was not read for it.

    Where a label says that the picture is sound, a file counts that draws something, and the picture is left out.
    """
    sound = [s for s in dataset.samples if s.label in dataset.ok_classes and s.path is not None]
    left, told, lost = Leftovers(list(dataset.unused)), {one.where for one in dataset.unused}, set[Path | None]()
    named, read = _by_name(sound, dataset.samples), set(dataset.read_from)
    for path in _label_files(folder) if sound else ():
        sample = named.get(_place(path)) or named.get(folded(path.stem))
        if sample is None or path in read or any(str(path) in where for where in told):
            continue
        if sample.assumed or draws_something(path):
            left.add(path, f"it bears a picture's name, and as {dataset.format} nothing is read from it.")
            lost |= set() if sample.assumed else {sample.path}
    assumed = {folded(s.path.stem) for s in sound if s.assumed and s.path is not None}
    known = {folded(s.path.name) for s in sound if s.assumed and s.path is not None}
    for path in (p for suffix in TABLES for p in files_below(folder, suffix)) if known else ():
        if path not in read and not any(str(path) in one.where for one in left.found) and places_told(path) & known:
            left.add(path, f"it tells places in pictures that have no label, and as {dataset.format} it is not read.")
    for path, reason in _links(folder, assumed) if assumed else ():
        left.add(path, reason)
    kept = tuple(sample for sample in dataset.samples if sample.path is None or sample.path not in lost)
    return replace(dataset, samples=kept, unused=tuple(left.found))


def _by_name(sound: Sequence[Sample], samples: Sequence[Sample]) -> dict[tuple[Path, str] | str, Sample]:
    """The sound ones by place and name, and by name alone where no other picture bears it."""
    stems = Counter(folded(s.path.stem) for s in samples if s.path is not None)
    found: dict[tuple[Path, str] | str, Sample] = {_place(s.path): s for s in sound if s.path is not None}
    # Where several pictures bear the name, a file elsewhere may be that of another.
    return found | {name: s for (_, name), s in [(_place(s.path), s) for s in sound if s.path] if stems[name] == 1}


def _links(folder: Path, stems: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Linked folders, which no reader enters, where they hold a label of such a picture or are not there."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(root, name) for name in (*folders, *sorted(names)) if not name.startswith(".")):
            if path.suffix.lower() in PICTURE_SUFFIXES or not path.is_symlink():
                continue
            if not path.exists():
                yield path, "it is a link to what is not there."
            elif path.is_dir() and _may_label(path, stems):
                yield path, "it is a linked folder with labels, and linked folders are not entered; copy it in."


def _may_label(linked: Path, stems: Collection[str]) -> bool:
    aim = linked.resolve()
    # One that leads to what it lies in goes round in a circle.
    return not linked.parent.resolve().is_relative_to(aim) and any(
        folded(without_word(path.stem)) in stems and _is_label(path, linked.name) for path in files_below(aim, "")
    )


def _is_label(path: Path, place: str) -> bool:
    """Whether a file in the linked folder `place` says something; a picture does where it may be a mask."""
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES:
        return without_word(path.stem) != path.stem or place.lower() in MASK_FOLDERS
    return suffix in SUFFIXES and (suffix != ".txt" or _says_something(path))


def _label_files(folder: Path) -> Iterator[Path]:
    """Those that may say something; an empty text says in YOLO that nothing is there."""
    for suffix in SUFFIXES:
        for path in files_below(folder, suffix):
            if suffix != ".txt" or _says_something(path):
                yield path


def _says_something(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return bool(file.read(_HEAD_BYTES).strip(b"\xef\xbb\xbf \t\r\n"))


def _place(path: Path) -> tuple[Path, str]:
    return path.parent, folded(path.stem)
