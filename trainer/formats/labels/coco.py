"""COCO instances: JSON files with images, annotations and categories; polygons and run lengths of both kinds.

A file or folder named after train, val or test says the part. A picture without annotations is sound; one with a box
and no outline has no mask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from engine.images.decoding.headers import MAX_PIXELS
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import PARTS, reading
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import MAX_BYTES, coordinate, read_bytes, read_json
from trainer.formats.samples.pictures import PictureIndex, check_size, missing_notes, with_mask
from trainer.formats.samples.runs import RunLengths, decode, from_compressed, from_counts
from trainer.formats.samples.shapes import Shape, draw

OK = "ok"
_KEYS = (b'"images"', b'"annotations"', b'"categories"')
_LOOKED_AT = 50
_PART = re.compile(r"(?<![a-z])(train|valid|val|test)(?![a-z])")
_CORRECT = "Correct that file."


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One picture of a COCO file and what is drawn on it."""

    name: str
    size: tuple[int, int]
    """Height and width."""
    areas: dict[str, float] = field(default_factory=dict)
    """Area per class, in pixels squared."""
    shapes: list[Shape] = field(default_factory=list)
    runs: list[RunLengths] = field(default_factory=list)
    boxed: list[str] = field(default_factory=list)
    """Classes with a box and no outline."""


def looks_like(folder: Path) -> bool:
    """True when there is a JSON file with COCO's three lists where such files lie."""
    return bool(annotation_files(folder))


def annotation_files(folder: Path) -> list[Path]:
    """The COCO files in the folder and in the folders directly below it; at most 50 JSON files of each are tried."""
    places = [folder, *sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))]
    found = [path for place in places for path in sorted(place.glob("*.json"))[:_LOOKED_AT]]
    files = [path for path in found if _is_coco(path)]
    # COCO's own folder holds the same pictures a second time with their key points.
    return [path for path in files if path.name.startswith("instances_")] or files


def read_coco(path: Path) -> tuple[list[CocoImage], tuple[str, ...]]:
    """The pictures of one COCO file and the names of its categories. Raises DatasetError."""
    values = read_json(path)
    names = {_integer(c, "id", path): str(c.get("name", "")) for c in _list(values, "categories", path)}
    images: dict[int, CocoImage] = {}
    for entry in _list(values, "images", path):
        size = (_integer(entry, "height", path), _integer(entry, "width", path))
        if min(size) < 1 or size[0] * size[1] > MAX_PIXELS or not isinstance(entry.get("file_name"), str):
            raise DatasetError(f"{path} has a picture without name or with an impossible size.", _CORRECT)
        images[_integer(entry, "id", path)] = CocoImage(entry["file_name"], size)
    for entry in _list(values, "annotations", path):
        image = images.get(_integer(entry, "image_id", path))
        label = names.get(_integer(entry, "category_id", path))
        if image is None or not label:
            raise DatasetError(f"{path} has an annotation of an unknown picture or category.", _CORRECT)
        _add(image, label, entry, path)
    return list(images.values()), tuple(names.values())


def open_coco(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that a COCO file names; label = the class with most area, `also` the others.

    Raises DatasetError.
    """
    files = annotation_files(folder)
    if not files:
        raise DatasetError(f"{folder} holds no COCO annotations.", "Put annotations.json beside images.")
    index = PictureIndex(folder)
    samples: dict[Path, Sample] = {}
    named = missing = 0
    declared: set[str] = set()
    for path in files:
        images, names = read_coco(path)
        declared |= set(names)
        near, part = _near(folder, path), _part(folder, path)
        for image in images:
            named += 1
            picture = index.find(image.name, near)
            if picture is None:
                missing += 1
            elif picture in samples:
                raise DatasetError(f"{path} names {index.key(picture)}, which is named before.", "Keep one of them.")
            else:
                check_size(f"{path}: {image.name}", image.size, picture)
                samples[picture] = _sample(index.key(picture), picture, image, part)
    notes = missing_notes(folder, named, missing, f"{folder} and the folders below it")
    listed = [samples[p] for p in index.paths if p in samples]
    notes += unseen_notes(declared, (name for s in listed for name in (s.label, *s.also)))
    if len(index.paths) > len(listed):
        notes += (f"{len(index.paths) - len(listed)} pictures are in no annotations file and are left out.",)
    return make_dataset(folder.resolve().name, "coco", listed, ok_classes, folder, missing=missing, notes=notes)


def _sample(key: str, path: Path, image: CocoImage, part: Part) -> Sample:
    labels = sorted(image.areas, key=lambda name: (-image.areas[name], name)) or [OK]
    drawn = not image.boxed

    def mask(height: int, width: int) -> Mask:
        if (height, width) != image.size:
            return np.zeros(image.size, np.uint8)  # with_mask refuses it
        outlined = draw(image.shapes, height, width)
        for runs in image.runs:
            outlined = np.maximum(outlined, decode(runs, height, width, key))
        return outlined

    load = with_mask(path, mask) if drawn else reading(path)
    digest = sha256_of(path)
    return Sample(key, labels[0], key, load, drawn, part, digest, path=path, also=tuple(labels[1:]))


def _add(image: CocoImage, label: str, entry: dict[str, Any], path: Path) -> None:
    outline, where = entry.get("segmentation"), f"{path}: {image.name}"
    area = 0.0
    if isinstance(outline, list) and outline:
        shapes = [_polygon(points, path) for points in outline]
        image.shapes.extend(shapes)
        area = sum(shape.area for shape in shapes)
    elif isinstance(outline, dict):
        runs = _runs(outline, image.size, where)
        image.runs.append(runs)
        area = float(runs.area)
    else:
        box = entry.get("bbox")
        if not isinstance(box, list) or len(box) != 4:
            raise DatasetError(f"{where} has an annotation without outline and box.", _CORRECT)
        image.boxed.append(label)
        area = coordinate(box[2], path) * coordinate(box[3], path)
    image.areas[label] = image.areas.get(label, 0.0) + area


def _polygon(points: object, path: Path) -> Shape:
    if not isinstance(points, list) or len(points) < 6 or len(points) % 2:
        raise DatasetError(f"{path} has a polygon of fewer than three points.", _CORRECT)
    return Shape("polygon", np.array([coordinate(v, path) for v in points], np.float64).reshape(-1, 2))


def _runs(outline: dict[str, Any], size: tuple[int, int], where: str) -> RunLengths:
    counts, stated = outline.get("counts"), outline.get("size")
    if stated != list(size):
        raise DatasetError(f"{where} has run lengths for another size than the picture's.", _CORRECT)
    if isinstance(counts, str):
        return from_compressed(counts, *size, where)
    if not isinstance(counts, list):
        raise DatasetError(f"{where} has run lengths without counts.", _CORRECT)
    return from_counts(counts, *size, where)


def _part(folder: Path, path: Path) -> Part:
    """By the folder's name where it is a part's, else by a part's name in the file's."""
    if path.parent != folder and (part := PARTS.get(path.parent.name.lower())):
        return part
    told = _PART.search(path.stem.lower())
    return PARTS[told[1]] if told else ""


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


def _integer(entry: dict[str, Any], key: str, path: Path) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DatasetError(f"{path} has an entry whose {key} is not a whole number.", _CORRECT)
    return value
