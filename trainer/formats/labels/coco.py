"""COCO instances: JSON files with images, annotations and categories; polygons and run lengths of both kinds.

A file or folder named after train, val or test says the part. A picture without annotations is sound; one with a box
and no outline has no mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.domain.inspection import Mask
from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.images.decoding.headers import MAX_PIXELS
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import PARTS, part_in, reading
from trainer.formats.labels.labelme_shapes import check_shown
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import MAX_BYTES, coordinate, read_bytes, read_json
from trainer.formats.samples.pictures import PictureIndex, check_size, drawn_size, missing_notes, with_mask
from trainer.formats.samples.runs import RunLengths, decode, from_compressed, from_counts
from trainer.formats.samples.shapes import Shape, draw, rectangle
from trainer.formats.samples.unused import Leftovers

OK = "ok"
_KEYS = (b'"images"', b'"annotations"', b'"categories"')
_OTHER_TASKS = ("person_keypoints_", "captions_", "panoptic_", "stuff_", "image_info_")
_LOOKED_AT = 50
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


def looks_like(folder: Path) -> bool:
    """True when there is a JSON file with COCO's three lists where such files lie."""
    return bool(annotation_files(folder))


def annotation_files(folder: Path) -> list[Path]:
    """The COCO files in the folder and in the folders directly below it; at most 50 JSON files of each are tried."""
    places = [folder, *sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))]
    found = [path for place in places for path in sorted(place.glob("*.json"))[:_LOOKED_AT]]
    # COCO's own folder holds the same pictures again with their key points and captions.
    return [path for path in found if not path.name.startswith(_OTHER_TASKS) and _is_coco(path)]


def read_coco(
    path: Path, left: Leftovers | None = None, sized: Callable[[str], tuple[int, int] | None] = lambda _name: None
) -> tuple[list[CocoImage], tuple[str, ...]]:
    """The pictures of one COCO file and the names of its categories; an annotation that cannot be used goes to `left`.

    `sized` gives a picture's height and width where the file does not. Raises DatasetError where the file as a whole
    cannot be read, and without `left` for a bad annotation too.
    """
    left = left or Leftovers(refusing=True)
    values = read_json(path)
    names = {_integer(c, "id", path): str(c.get("name", "")) for c in _list(values, "categories", path)}
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
            raise DatasetError(f"{where} on {image.name} is of a category without a name.", _CORRECT)
        _add(image, label, entry, f"{where} on {image.name}")
    except DatasetError as error:
        image.unread.append(error.message)
        raise


def open_coco(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that a COCO file names; label = the class with most area, `also` the others.

    Raises DatasetError.
    """
    files = annotation_files(folder)
    if not files:
        raise DatasetError(f"{folder} holds no COCO annotations.", "Put annotations.json beside images.")
    index, left = PictureIndex(folder), Leftovers()
    samples: dict[Path, Sample | None] = {}
    named = missing = 0
    declared: set[str] = set()
    for path in files:
        near, part = _near(folder, path), _part(folder, path)
        images, names = read_coco(path, left, partial(_size_by_name, index, near))
        declared |= set(names)
        for image in images:
            named += 1
            picture = index.find(image.name, near)
            if picture is None:
                missing += 1
                if image.areas:
                    left.add(f"{path}: {image.name}", "there is no picture of that name.")
            elif picture in samples:
                raise DatasetError(f"{path} names {index.key(picture)}, which is named before.", "Keep one of them.")
            else:
                where = f"{path}: {image.name}"
                read = partial(_sample, index.key(picture), picture, image, part, where)
                samples[picture] = left.unless_read(where, read)
    notes = missing_notes(folder, named, missing, f"{folder} and the folders below it")
    listed = [sample for p in index.paths if (sample := samples.get(p)) is not None]
    notes += unseen_notes(declared, (name for s in listed for name in (s.label, *s.also)))
    if len(index.paths) > len(samples):
        notes += (f"{len(index.paths) - len(samples)} pictures are in no annotations file and are left out.",)
    name = folder.resolve().name
    return make_dataset(name, "coco", listed, ok_classes, folder, missing=missing, notes=notes, unused=left.found)


def _size_by_name(index: PictureIndex, near: Path, name: str) -> tuple[int, int] | None:
    picture = index.find(name, near)
    return None if picture is None else drawn_size(picture)


def _sample(key: str, path: Path, image: CocoImage, part: Part, where: str) -> Sample | None:
    """None for a picture whose annotations are all left out: it is not sound. Raises DatasetError for another size."""
    if image.unread and not image.areas:
        return None
    if image.size:
        check_size(where, image.size, path)
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
    return Sample(key, labels[0], key, load, drawn, part, digest, path=path, also=said, assumed=not image.areas)


def _add(image: CocoImage, label: str, entry: dict[str, Any], where: str) -> None:
    outline = entry.get("segmentation")
    if isinstance(outline, list) and outline:
        shapes = [_polygon(points, where) for points in outline]
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
    """By the folder's name where it is a part's, else by a part's name in the file's."""
    if path.parent != folder and (part := PARTS.get(path.parent.name.lower())):
        return part
    return part_in(path.stem)


def _near(folder: Path, path: Path) -> Path:
    """Where a file's pictures lie first: beside it, or in the folder that its name tells (instances_train2017)."""
    for name in (path.stem.removeprefix("instances_"), "images"):
        for place in (path.parent / name, folder / name, folder / "images" / name):
            if place.is_dir():
                return place
    return path.parent


def _is_coco(path: Path) -> bool:
    try:
        if path.stat().st_size > MAX_BYTES:
            return False
        data = read_bytes(path)
    except (OSError, DatasetError):
        return False
    return all(key in data for key in _KEYS)


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
