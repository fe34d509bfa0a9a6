"""labelme and X-AnyLabeling: one JSON file a picture with named shapes, beside the picture or in a folder of its own.

A picture's true flags are its classes where nothing is drawn. The picture embedded in a JSON file (imageData) is passed
over.
"""

from __future__ import annotations

import filecmp
import mmap
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.domain.sound_names import Said, is_sound, said_by
from engine.errors import DatasetError
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import reading
from trainer.formats.labels.labelme_shapes import Drawn, area_of, check_shown, draw_all, read_shape
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset
from trainer.formats.samples.label_files import files_below, read_json
from trainer.formats.samples.pictures import PictureIndex, check_size, drawn_size, folded, missing_notes, with_mask
from trainer.formats.samples.unused import Leftovers

OK = "ok"
MAX_JSON_BYTES = 256 * 1024**2
MAX_SHAPES = 10_000
_LOOKED_AT = 20
_KEY = b'"shapes"'
# A time stamp between the item and the place: 01_200828110014_277500_315_crop_2 is one place of ball screw 01.
_SERIES = re.compile(r"(\d+)_\d{12}_(.+)")
_CORRECT = "Correct that file."


@dataclass(frozen=True, slots=True)
class LabelmeFile:
    """What one JSON file says: the picture's path as written, its height and width where given, the named shapes."""

    picture: str
    size: tuple[int, int] | None
    shapes: tuple[tuple[str, Drawn], ...]
    flags: tuple[str, ...] = ()
    """Names of the picture's flags that are true."""
    partly: bool = False
    """Some of its shapes are not used."""
    numbers: tuple[int, ...] = ()
    """The place of each shape in the file, from 1."""


def looks_like(folder: Path) -> bool:
    """True when one of the first JSON files below the folder holds shapes."""
    return any(_has_shapes(path) for path in files_below(folder, ".json", _LOOKED_AT))


def read_labelme(path: Path, left: Leftovers | None = None) -> LabelmeFile:
    """Read one JSON file, at most 256 MiB. A shape that cannot be used goes to `left`. Raises DatasetError."""
    left = left or Leftovers(refusing=True)
    values = read_json(path, MAX_JSON_BYTES)
    shapes = values.get("shapes")
    if not isinstance(shapes, list) or len(shapes) > MAX_SHAPES:
        raise DatasetError(f"{path} has no list of shapes that can be read.", _CORRECT)
    sides = (values.get("imageHeight"), values.get("imageWidth"))
    size = tuple(v for v in sides if isinstance(v, int) and v > 0)
    named, flags = values.get("imagePath"), values.get("flags")
    found: dict[int, tuple[str, Drawn]] = {}
    for number, value in enumerate(shapes, start=1):
        where = f"{path} shape {number}"
        shape = left.unless_read(where, partial(read_shape, value, where))
        found |= {number: shape} if shape is not None else {}
    return LabelmeFile(
        named if isinstance(named, str) and named else f"{path.stem}.jpg",
        (size[0], size[1]) if len(size) == 2 else None,
        tuple(found.values()),
        tuple(str(name) for name, value in flags.items() if value is True) if isinstance(flags, dict) else (),
        len(found) < len(shapes),
        tuple(found),
    )


def open_labelme(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture; label = the class with most area, `ok` without shapes; pictures of one series are one group.

    Raises DatasetError.
    """
    index, left = PictureIndex(folder), Leftovers()
    found = [path for path in files_below(folder, ".json") if _has_shapes(path)]
    files, read_from, missing = _files_of(index, found, left)
    notes = missing_notes(folder, len(found), missing, f"{folder} and the folders below it")
    series = [_SERIES.fullmatch(p.stem) for p in index.paths]
    whole = len({m.groups() for m in series if m}) > 1 and all(series)
    groups = [f"{m[1]}_{m[2]}" if m and whole else "" for m in series]
    classes = {label for file in files.values() for label, _ in file.shapes}
    samples = [
        sample
        for path, group in zip(index.paths, groups, strict=True)
        if (sample := _sample(index, path, files.get(path), group, classes, left))
    ]
    name = folder.resolve().name
    made = make_dataset(name, "labelme", samples, ok_classes, folder, missing=missing, notes=notes, unused=left.found)
    # One that bears the name of another picture than it says was not read for that one.
    own = (path for picture, path in read_from.items() if folded(path.stem) == folded(picture.stem))
    return replace(made, read_from=tuple(own))


_UNREAD = LabelmeFile("", None, (), partly=True)


def _files_of(
    index: PictureIndex, paths: Sequence[Path], left: Leftovers
) -> tuple[dict[Path, LabelmeFile], dict[Path, Path], int]:
    """What is said of each picture and in which file, and how many files are of none; of two pictures it is neither."""
    files: dict[Path, LabelmeFile] = {}
    read_from: dict[Path, Path] = {}
    doubtful: set[Path] = set()
    missing = 0
    for path in paths:
        file = left.unless_read(path, partial(read_labelme, path, left))
        named = file.picture if file else path.stem
        meant = index.meant(named, path.parent) or index.meant(path.stem, path.parent)
        if not meant:
            missing += 1
            left.add(path, f"there is no picture {named}.")
        elif len(meant) > 1:
            left.add(path, index.either(named, meant))
            doubtful |= set(meant)
        elif (picture := meant[0]) in files:
            if not filecmp.cmp(path, read_from[picture], shallow=False):
                left.add(path, f"{index.key(picture)} is labelled by {read_from[picture]} too.")
                doubtful.add(picture)
        else:
            fits = left.unless_read(path, partial(_fitting, path, file, picture, left)) if file else None
            files[picture], read_from[picture] = fits or _UNREAD, path
    files |= {picture: replace(files.get(picture, _UNREAD), partly=True) for picture in doubtful}
    return files, read_from, missing


def _fitting(path: Path, file: LabelmeFile, picture: Path, left: Leftovers) -> LabelmeFile:
    """The file without shapes that lie outside of its picture or enclose nothing, which go to `left`.

    Raises DatasetError for a file made for another size than the picture's.
    """
    if file.size:
        check_size(str(path), file.size, picture)
    size = drawn_size(picture) or file.size
    shown = []
    for number, shape in zip(file.numbers, file.shapes, strict=True):
        where = f"{path} shape {number}"
        shown += [shape] if left.unless_read(where, partial(check_shown, shape[1], size, where)) else []
    return replace(file, shapes=tuple(shown), numbers=(), partly=file.partly or len(shown) < len(file.shapes))


def _sample(
    index: PictureIndex, path: Path, file: LabelmeFile | None, group: str, classes: set[str], left: Leftovers
) -> Sample | None:
    """None for a picture whose labels are there and cannot be used: it is neither sound nor a known defect."""
    areas: dict[str, float] = defaultdict(float)
    for name, shape in file.shapes if file else ():
        areas[name] += area_of(shape)
    labels = sorted(areas, key=lambda name: (-areas[name], name))
    if file and labels and all(is_sound(name) for name in labels):
        # A box around the whole part that is called ok is no answer to a flag that names a defect.
        labels = [n for n in file.flags if not is_sound(n) and (n in classes or said_by(n) is Said.DEFECT)] or labels
    said = bool(labels)
    if file and not labels:
        labels = [name for name in file.flags if not classes or name in classes or is_sound(name)]
        said = bool(labels) or not file.flags
        for name in set(file.flags) - set(labels):
            left.add(index.key(path), f"its flag {name} is the name of no class.")
        if file.partly or (file.flags and not labels):
            return None
    drawn = [shape for name, shape in file.shapes if not is_sound(name)] if file else []
    key = index.key(path)
    # A class that was told and not drawn has no mask, nor has what a shape that is not used lies on; a picture on which
    # nothing is to be drawn has an empty one.
    whole = bool(drawn) and not (file and file.partly)
    has_mask = whole or not labels or all(is_sound(name) for name in labels)
    labels = labels or [OK]
    load = with_mask(path, lambda height, width: draw_all(drawn, height, width)) if has_mask else reading(path)
    return Sample(
        key, labels[0], group or key, load, has_mask, digest=sha256_of(path), path=path, also=tuple(labels[1:]),
        assumed=not said, partly=bool(file and file.partly),
    )  # fmt: skip


def _has_shapes(path: Path) -> bool:
    """True when the file names shapes anywhere: before them there may be a whole picture."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(_KEY) >= 0
    except (OSError, ValueError):
        return False
