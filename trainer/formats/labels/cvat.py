"""CVAT for images 1.1: one XML file of all pictures with boxes, polygons, ellipses, brushed masks and tags.

A picture's subset (Train, Validation, Test) is its part. A picture without objects and tags is taken for sound; boxes
are not masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from engine.images.decoding.headers import MAX_PIXELS
from trainer.formats.labels.drawing import Drawing, ellipse, turned
from trainer.formats.labels.imagefolder import PARTS, part_above
from trainer.formats.labels.labelme_shapes import Drawn, Stamp, check_shown
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unless_sound, unseen_notes
from trainer.formats.samples.label_files import coordinate, head_of, nearest_first
from trainer.formats.samples.pictures import PictureIndex, check_size, find_named, missing_notes
from trainer.formats.samples.runs import decode, from_counts
from trainer.formats.samples.shapes import Shape, rectangle
from trainer.formats.samples.unused import Leftovers
from trainer.formats.samples.xml_files import parse_xml

MAX_XML_BYTES = 256 * 1024**2
MAX_OBJECTS = 1_000_000
_HEAD_BYTES = 4096
_ROOT = b"<annotations>"
_OBJECTS = ("box", "polygon", "polyline", "ellipse", "mask", "points", "cuboid", "skeleton", "tag")
_CORRECT = "Correct that file."


@dataclass(frozen=True, slots=True)
class CvatImage:
    """One picture of a CVAT file."""

    name: str
    size: tuple[int, int]
    """Height and width."""
    subset: str = ""
    """The part of a project that it belongs to, and the folder that its picture may lie in."""
    drawing: Drawing = field(default_factory=Drawing)


def looks_like(folder: Path) -> bool:
    """True when there is a CVAT file in the folder or below it."""
    return bool(annotation_files(folder))


def annotation_files(folder: Path) -> list[Path]:
    """The CVAT files at any depth."""
    return [path for path in nearest_first(folder, ".xml") if _ROOT in head_of(path, _HEAD_BYTES)]


def read_cvat(path: Path, left: Leftovers) -> tuple[list[CvatImage], tuple[str, ...]]:
    """The pictures of one file and the labels that it declares; what cannot be used goes to `left`.

    Raises DatasetError where the file as a whole cannot be read, and for one of a video: its tracks tell no frames.
    """
    reader = _Reader(path, left)
    parse_xml(path, MAX_XML_BYTES, reader.start, reader.text, reader.end)
    if reader.tracks:
        raise DatasetError(f"{path} is an export for video.", "Export it from CVAT as CVAT for images 1.1.")
    return reader.images, tuple(reader.labels)


def open_cvat(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that a file names; label = the class with most area, `also` the others. Raises DatasetError."""
    index, left = PictureIndex(folder), Leftovers()
    samples: dict[Path, Sample | None] = {}
    named, missing, declared = 0, 0, set[str]()
    files = annotation_files(folder)
    for path in files:
        images, labels = read_cvat(path, left)
        declared |= set(labels)
        for image in images:
            named += 1
            where, before = f"{path}: {image.name}", len(left.found)
            picture = find_named(index, [f"{image.subset}/{image.name}"], path.parent, where, left)
            if picture is None:
                missing += 1
                if image.drawing.areas and len(left.found) == before:
                    left.add(where, "there is no picture of that name.")
            elif picture in samples:
                left.add(where, f"{index.key(picture)} is named before.")
                samples[picture] = unless_sound(samples[picture])
            else:
                samples[picture] = left.unless_read(where, partial(_sample, folder, picture, image, where))
    notes = missing_notes(folder, named, missing, f"{folder} and the folders below it")
    listed = [sample for p in index.paths if (sample := samples.get(p)) is not None]
    notes += unseen_notes(declared, (name for s in listed for name in (s.label, *s.also)))
    if unlisted := len(index.paths) - len(samples):
        notes += (f"{unlisted} pictures are in no annotations file and are left out.",)
    name = folder.resolve().name
    made = make_dataset(name, "cvat", listed, ok_classes, folder, missing=missing, notes=notes, unused=left.found)
    return replace(made, read_from=tuple(files))


def _sample(folder: Path, picture: Path, image: CvatImage, where: str) -> Sample | None:
    check_size(where, image.size, picture)
    part = PARTS.get(image.subset.lower(), "") or part_above(folder, picture)
    return image.drawing.sample(picture.relative_to(folder).as_posix(), picture, part)


class _Reader:
    """Collects pictures, their objects and the declared labels; attributes and the rest of `meta` are passed over."""

    def __init__(self, path: Path, left: Leftovers) -> None:
        self._path, self._left = path, left
        self._open: list[str] = []
        self._letters: list[str] = []
        self._objects = 0
        self.images: list[CvatImage] = []
        self.labels: list[str] = []
        self.tracks = 0

    def start(self, tag: str, values: dict[str, str]) -> None:
        self._open.append(tag)
        self._letters.clear()
        if self._open[1:] == ["image"]:
            self.images.append(self._image(values))
        elif self._open[1:] == ["track"]:
            self.tracks += 1
        elif self._open[1:-1] == ["image"] and tag in _OBJECTS:
            self._object(tag, values)

    def text(self, letters: str) -> None:
        self._letters.append(letters)

    def end(self, _tag: str) -> None:
        if self._open[-3:] == ["labels", "label", "name"]:
            self.labels.append("".join(self._letters).strip())
        self._open.pop()
        self._letters.clear()

    def _image(self, values: dict[str, str]) -> CvatImage:
        height, width = (int(coordinate(values.get(name), self._path)) for name in ("height", "width"))
        if not values.get("name") or height < 1 or width < 1 or height * width > MAX_PIXELS:
            raise DatasetError(f"{self._path} has a picture without name or with an impossible size.", _CORRECT)
        return CvatImage(values["name"], (height, width), values.get("subset", ""))

    def _object(self, tag: str, values: dict[str, str]) -> None:
        image = self.images[-1]
        self._objects += 1
        if self._objects > MAX_OBJECTS:
            raise DatasetError(f"{self._path} has more than {MAX_OBJECTS} objects.", "Split the data set.")
        where = f"{self._path}: {image.name}, {tag} {self._objects}"
        if self._left.unless_read(where, partial(_add, image, tag, values, where)) is None:
            image.drawing.unread = True


def _add(image: CvatImage, tag: str, values: dict[str, str], where: str) -> bool:
    """True. Raises DatasetError for an object that cannot be used."""
    label = values.get("label", "").strip()
    if not label:
        raise DatasetError(f"{where} has no label.", _CORRECT)
    if tag == "tag":
        image.drawing.name(label)
    else:
        shape: Drawn = _stamp(values, where) if tag == "mask" else _shape(tag, values, where)
        check_shown(shape, image.size, where, boxed=tag == "box")
        image.drawing.draw(label, shape, boxed=tag == "box")
    return True


def _shape(tag: str, values: dict[str, str], where: str) -> Shape:
    degrees = coordinate(values.get("rotation", "0"), where)
    if tag == "box":
        left, top, right, bottom = (coordinate(values.get(name), where) for name in ("xtl", "ytl", "xbr", "ybr"))
        return turned(rectangle(left, top, right, bottom), degrees, (left + right) / 2, (top + bottom) / 2)
    if tag == "ellipse":
        x, y, across, down = (coordinate(values.get(name), where) for name in ("cx", "cy", "rx", "ry"))
        return turned(ellipse(x, y, across, down), degrees, x, y)
    pairs = [pair.split(",") for pair in values.get("points", "").split(";")]
    least = {"polygon": 3, "polyline": 2}.get(tag, 0)
    if not least or len(pairs) < least or any(len(pair) != 2 for pair in pairs):
        raise DatasetError(f"{where} encloses nothing.", _CORRECT)
    points = np.array([[coordinate(v, where) for v in pair] for pair in pairs], np.float64)
    return Shape("polygon" if tag == "polygon" else "line", points)


def _stamp(values: dict[str, str], where: str) -> Stamp:
    """A brushed mask: counts of unset and set pixels in turn, row by row, of a box of the picture."""
    left, top, width, height = (int(coordinate(values.get(name), where)) for name in ("left", "top", "width", "height"))
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise DatasetError(f"{where} is a mask of an impossible size.", _CORRECT)
    try:
        counts = [int(word) for word in values.get("rle", "").split(",")]
    except ValueError as error:
        raise DatasetError(f"{where} is a mask whose counts are not whole numbers.", _CORRECT) from error
    # Those of COCO go column by column: of the turned mask they are these.
    pixels: Mask = np.ascontiguousarray(decode(from_counts(counts, width, height, where), width, height, where).T)
    return Stamp(pixels, left, top)
