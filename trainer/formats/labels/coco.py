"""COCO instances: JSON files with images, annotations and categories; polygons and run lengths of both kinds.

A file or folder named after train, val or test says the part. A picture without annotations is sound; one with a box
and no outline has no mask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.domain.inspection import Mask
from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.images.decoding.headers import MAX_PIXELS
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import part_above, part_in, reading
from trainer.formats.labels.labelme_shapes import check_shown
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import MAX_BYTES, coordinate, head_of, nearest_first, read_bytes, read_json
from trainer.formats.samples.pictures import (
    PictureIndex,
    check_size,
    drawn_size,
    find_named,
    folded,
    missing_notes,
    with_mask,
)
from trainer.formats.samples.runs import RunLengths, decode, from_compressed, from_counts
from trainer.formats.samples.shapes import Shape, draw, rectangle
from trainer.formats.samples.unused import Leftovers

OK = "ok"
_KEYS = (b'"images"', b'"annotations"', b'"categories"')
_OTHER_TASKS = ("person_keypoints_", "captions_", "panoptic_", "stuff_", "image_info_")
_LEARNT_FIRST: tuple[Part, ...] = ("train", "validation", "test")
_HEAD_BYTES = 64 * 1024
_LOOKED_THROUGH = 50
_CORRECT = "Correct that file."


@dataclass(slots=True)
class CocoImage:
    """One picture of a COCO file and what is drawn on it."""

    name: str
    size: tuple[int, int] | None
    """Height and width; None where neither the file, the picture nor run lengths tell them."""
    areas: dict[str, float] = field(default_factory=dict)
    """Area per class, in pixels squared."""
    shapes: list[Shape] = field(default_factory=list)
    runs: list[RunLengths] = field(default_factory=list)
    boxed: list[str] = field(default_factory=list)
    """Classes with a box and no outline."""
    unread: list[str] = field(default_factory=list)
    """Annotations of it that are not used."""

    def add(self, other: CocoImage) -> None:
        """What is said of the same picture elsewhere."""
        self.size = self.size or other.size
        for label, area in other.areas.items():
            self.areas[label] = self.areas.get(label, 0.0) + area
        self.shapes += other.shapes
        self.runs += other.runs
        self.boxed += other.boxed
        self.unread += other.unread


def looks_like(folder: Path) -> bool:
    """True when there is a JSON file with COCO's three lists where such files lie."""
    return bool(annotation_files(folder))


def annotation_files(folder: Path) -> list[Path]:
    """The COCO files at any depth, those nearer to the top first.

    Of each folder the first 50 JSON files are looked through, and of the others those that begin as COCO's do.
    """
    tried: Counter[Path] = Counter()
    found = []
    for path in _candidates(folder):
        tried[path.parent] += 1
        if (tried[path.parent] <= _LOOKED_THROUGH or _begins_as_coco(path)) and _is_coco(path):
            found.append(path)
    return found


def _candidates(folder: Path) -> list[Path]:
    # COCO's own folder holds the same pictures again with their key points and captions.
    return [path for path in nearest_first(folder, ".json") if not path.name.startswith(_OTHER_TASKS)]


def read_coco(
    path: Path, left: Leftovers | None = None, sized: Callable[[str], tuple[int, int] | None] = lambda _name: None
) -> tuple[list[CocoImage], tuple[str, ...]]:
    """The pictures of one COCO file and the names of its categories; an annotation that cannot be used goes to `left`.

    `sized` gives a picture's height and width where the file does not. Raises DatasetError where the file as a whole
    cannot be read, and without `left` for a bad annotation too.
    """
    left = left or Leftovers(refusing=True)
    values = read_json(path)
    names: dict[int, str] = {}
    for entry in _list(values, "categories", path):
        number, label = _integer(entry, "id", path), str(entry.get("name", ""))
        # Files that were put together may give one number to two classes: then it is nobody's.
        names[number] = label if names.get(number, label) == label else ""
    images: dict[int, CocoImage] = {}
    by_name: dict[str, CocoImage] = {}
    for entry in _list(values, "images", path):
        number, image = _integer(entry, "id", path), _image(entry, path)
        # One that is listed twice has what is drawn on either entry.
        same = by_name.setdefault(image.name, image)
        if images.setdefault(number, same) is not same or image.size != same.size:
            raise DatasetError(f"{path} gives two pictures the id {number}, or one picture two sizes.", _CORRECT)
    for image in by_name.values():
        image.size = image.size or sized(image.name)
    for place, entry in enumerate(_list(values, "annotations", path), start=1):
        where = f"{path} annotation {entry.get('id', place)}"
        left.unless_read(where, partial(_annotate, images, names, entry, where))
    return list(by_name.values()), tuple(names.values())


def _image(entry: dict[str, Any], path: Path) -> CocoImage:
    name = entry.get("file_name")
    size = None
    if entry.get("height") is not None and entry.get("width") is not None:
        size = (_integer(entry, "height", path), _integer(entry, "width", path))
        if min(size) < 1:
            size = None
    if not isinstance(name, str) or not name or (size and size[0] * size[1] > MAX_PIXELS):
        raise DatasetError(f"{path} has a picture without name or with an impossible size.", _CORRECT)
    return CocoImage(name, size)


def _annotate(images: dict[int, CocoImage], names: dict[int, str], entry: dict[str, Any], where: str) -> None:
    image = images.get(_integer(entry, "image_id", where))
    if image is None:
        raise DatasetError(f"{where} is of a picture that the file does not list.", _CORRECT)
    try:
        label = names.get(_integer(entry, "category_id", where))
        if not label:
            raise DatasetError(f"{where} on {image.name} is of a category without a name, or with two.", _CORRECT)
        _add(image, label, entry, f"{where} on {image.name}")
    except DatasetError as error:
        image.unread.append(error.message)
        raise


def open_coco(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that a COCO file names; label = the class with most area, `also` the others.

    What several files say of one picture is put together. Raises DatasetError.
    """
    files = annotation_files(folder)
    if not files:
        raise DatasetError(f"{folder} holds no COCO annotations.", "Put annotations.json beside images.")
    index, left = PictureIndex(folder), Leftovers()
    _name_broken(folder, files, left)
    entries: dict[Path, list[_Entry]] = {}
    named = missing = 0
    declared: set[str] = set()
    for path in files:
        near, part = _near(folder, path), _part(folder, path)
        images, names = read_coco(path, left, partial(_size_by_name, index, near))
        declared |= set(names)
        for image in images:
            named += 1
            where, before = f"{path}: {image.name}", len(left.found)
            picture = find_named(index, [image.name], near, where, left)
            if picture is None:
                missing += 1
                if image.areas and len(left.found) == before:
                    left.add(where, "there is no picture of that name.")
            else:
                entries.setdefault(picture, []).append(_Entry(image, part, where))
    notes = missing_notes(folder, named, missing, f"{folder} and the folders below it")
    read = [_together(index.key(p), p, entries[p], left) for p in index.paths if p in entries]
    listed = [sample for sample in read if sample is not None]
    notes += unseen_notes(declared, (name for s in listed for name in (s.label, *s.also)))
    if len(index.paths) > len(entries):
        notes += (f"{len(index.paths) - len(entries)} pictures are in no annotations file and are left out.",)
    if several := sum(len(said) > 1 for said in entries.values()):
        notes += (f"{several} pictures are named more than once; what is said of them is put together.",)
    name = folder.resolve().name
    made = make_dataset(name, "coco", listed, ok_classes, folder, missing=missing, notes=notes, unused=left.found)
    again = (path for path in nearest_first(folder, ".json") if path.name.startswith(_OTHER_TASKS))
    return replace(made, read_from=(*files, *again))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one file says of a picture, and the part that it is in there."""

    image: CocoImage
    part: Part
    where: str


def _together(key: str, path: Path, entries: Sequence[_Entry], left: Leftovers) -> Sample | None:
    """The sample of all that is said of one picture; None where what is left of it says no defect."""
    whole, fitting = CocoImage(entries[0].image.name, None), []
    # The one that writes the picture's path as it is, before those of which only the name fits.
    first = next((entry for entry in entries if _same_place(entry.image.name, key)), entries[0])
    for entry in entries:
        if left.unless_read(entry.where, partial(_check_same, entry, first, path)):
            fitting.append(entry)
            whole.add(entry.image)
        else:
            whole.unread.append(entry.where)
    # One that is in two parts is never tested: it may have been learnt.
    part: Part = next((one for one in _LEARNT_FIRST if any(entry.part == one for entry in fitting)), "")
    return _sample(key, path, whole, part) if fitting else None


def _check_same(entry: _Entry, first: _Entry, path: Path) -> bool:
    """True. Raises DatasetError for an entry of another size, and for one that may mean another picture."""
    if entry.image.size:
        check_size(entry.where, entry.image.size, path)
    if not _same_place(entry.image.name, first.image.name):
        raise DatasetError(f"{entry.where} fits {path}, which is named {first.image.name} elsewhere.", _CORRECT)
    return True


def _same_place(one: str, other: str) -> bool:
    """Whether one path is the end of the other, whatever the case."""
    name, longer = sorted((folded(each.replace("\\", "/").removeprefix("./")) for each in (one, other)), key=len)
    return f"/{longer}".endswith(f"/{name}")


def _size_by_name(index: PictureIndex, near: Path, name: str) -> tuple[int, int] | None:
    picture = find_named(index, [name], near, name, Leftovers())
    return None if picture is None else drawn_size(picture)


def _sample(key: str, path: Path, image: CocoImage, part: Part) -> Sample | None:
    """None for a picture whose annotations are all left out: it is not sound."""
    if image.unread and not any(not is_sound(label) for label in image.areas):
        return None
    labels = sorted(image.areas, key=lambda name: (-image.areas[name], name)) or [OK]
    # Where an annotation is not used, what it was drawn around is not known to be sound.
    drawn = not image.boxed and not image.unread

    def mask(height: int, width: int) -> Mask:
        if image.size and (height, width) != image.size:
            return np.zeros(image.size, np.uint8)  # with_mask refuses it
        outlined = draw(image.shapes, height, width)
        for runs in image.runs:
            outlined = np.maximum(outlined, decode(runs, height, width, key))
        return outlined

    load = with_mask(path, mask) if drawn else reading(path)
    digest = sha256_of(path)
    said = tuple(labels[1:])
    return Sample(
        key,
        labels[0],
        key,
        load,
        drawn,
        part,
        digest,
        path=path,
        also=said,
        assumed=not image.areas,
        partly=bool(image.unread),
    )


def _add(image: CocoImage, label: str, entry: dict[str, Any], where: str) -> None:
    outline = entry.get("segmentation")
    # Tools write an empty polygon where only a box was drawn.
    if isinstance(outline, list) and any(points != [] for points in outline):
        shapes = [_polygon(points, where) for points in outline if points != []]
        _check_shown(shapes, image.size, where)
        image.shapes.extend(shapes if not is_sound(label) else ())
        area = float(sum(shape.area for shape in shapes))
    elif isinstance(outline, dict):
        runs = _runs(outline, image, where)
        if not runs.area:
            raise DatasetError(f"{where} has run lengths that enclose nothing.", _CORRECT)
        image.runs.extend((runs,) if not is_sound(label) else ())
        area = float(runs.area)
    else:
        box = entry.get("bbox")
        if not isinstance(box, list) or len(box) != 4:
            raise DatasetError(f"{where} has neither outline nor box.", _CORRECT)
        x, y, across, down = (coordinate(value, where) for value in box)
        check_shown(rectangle(x, y, x + across, y + down), image.size, where, boxed=True)
        area = across * down
        image.boxed.extend((label,) if not is_sound(label) else ())
    image.areas[label] = image.areas.get(label, 0.0) + area


def _check_shown(shapes: Sequence[Shape], size: tuple[int, int] | None, where: str) -> None:
    """Raise DatasetError where none of an annotation's polygons shows; beside one that does, slivers are usual."""
    hidden = Leftovers()
    for shape in shapes:
        if hidden.unless_read(where, partial(check_shown, shape, size, where)) is not None:
            return
    raise DatasetError(f"{where} {hidden.found[0].reason}", _CORRECT)


def _polygon(points: object, where: str) -> Shape:
    if not isinstance(points, list) or len(points) < 6 or len(points) % 2:
        raise DatasetError(f"{where} has a polygon of fewer than three points.", _CORRECT)
    return Shape("polygon", np.array([coordinate(v, where) for v in points], np.float64).reshape(-1, 2))


def _runs(outline: dict[str, Any], image: CocoImage, where: str) -> RunLengths:
    """Where nothing else tells the picture's size, the first run lengths do."""
    counts, stated = outline.get("counts"), outline.get("size")
    if not isinstance(stated, list) or len(stated) != 2 or not all(type(side) is int and side > 0 for side in stated):
        raise DatasetError(f"{where} has run lengths without their size.", _CORRECT)
    size: tuple[int, int] = image.size or (stated[0], stated[1])
    if stated != list(size) or size[0] * size[1] > MAX_PIXELS:
        raise DatasetError(f"{where} has run lengths for another size than the picture's.", _CORRECT)
    if isinstance(counts, str):
        runs = from_compressed(counts, *size, where)
    elif isinstance(counts, list):
        runs = from_counts(counts, *size, where)
    else:
        raise DatasetError(f"{where} has run lengths without counts.", _CORRECT)
    image.size = size
    return runs


def _part(folder: Path, path: Path) -> Part:
    """By the name of a folder above it where it is a part's, else by a part's name in the file's."""
    return part_above(folder, path) or part_in(path.stem)


def _near(folder: Path, path: Path) -> Path:
    """Where a file's pictures lie first: beside it, or in the folder that its name tells (instances_train2017)."""
    above = [place for place in path.parents if place.is_relative_to(folder)]
    for name in (path.stem.removeprefix("instances_"), "images"):
        for place in (path.parent / name, *(at / inside for at in above for inside in (name, f"images/{name}"))):
            if place.is_dir():
                return place
    return path.parent


def _is_coco(path: Path) -> bool:
    try:
        if path.stat().st_size > MAX_BYTES:
            # Too large to be read, as its reader says in a sentence: passed over, its defects would be sound.
            return any(key in head_of(path, _HEAD_BYTES) for key in _KEYS)
        data = read_bytes(path)
    except (OSError, DatasetError):
        return False
    return all(key in data for key in _KEYS)


def _name_broken(folder: Path, files: Sequence[Path], left: Leftovers) -> None:
    """What was to be a file of annotations and is cut short goes to `left`."""
    for path in _candidates(folder):
        if path not in files and _begins_as_coco(path):
            left.unless_read(path, partial(read_json, path))


def _begins_as_coco(path: Path) -> bool:
    head = head_of(path, _HEAD_BYTES)
    return any(key in head for key in (*_KEYS, b'"info"', b'"licenses"'))


def _list(values: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    found = values.get(key)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise DatasetError(f"{path} lacks the list {key}.", _CORRECT)
    return found


def _integer(entry: dict[str, Any], key: str, where: Path | str) -> int:
    """Tools write numbers as 7, 7.0 and "7"."""
    value = entry.get(key)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DatasetError(f"{where} has a {key} that is not a whole number.", _CORRECT)
    return value
