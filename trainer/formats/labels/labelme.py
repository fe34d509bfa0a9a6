"""labelme: one JSON file a picture with named shapes, beside the picture or in a folder of its own.

Pictures without a JSON file are sound. The picture embedded in a JSON file (imageData) is passed over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DatasetError
from engine.packages.package import sha256_of
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset
from trainer.formats.samples.label_files import coordinate, files_below, read_json
from trainer.formats.samples.pictures import PictureIndex, check_size, missing_notes, with_mask
from trainer.formats.samples.shapes import Kind, Shape, draw, rectangle

OK = "ok"
MAX_JSON_BYTES = 256 * 1024**2
MAX_SHAPES = 10_000
_LOOKED_AT = 20
_PEEKED = 4096
# A time stamp between the item and the place: 01_200828110014_277500_315_crop_2 is one place of ball screw 01.
_SERIES = re.compile(r"(\d+)_\d{12}_(.+)")
_KINDS: dict[str, tuple[Kind, int]] = {
    "polygon": ("polygon", 3),
    "circle": ("circle", 2),
    "line": ("line", 2),
    "linestrip": ("line", 2),
}
_CORRECT = "Correct that file."


@dataclass(frozen=True, slots=True)
class LabelmeFile:
    """What one JSON file says: the picture's path as written, its height and width where given, the named shapes."""

    picture: str
    size: tuple[int, int] | None
    shapes: tuple[tuple[str, Shape], ...]


def looks_like(folder: Path) -> bool:
    """True when one of the first JSON files below the folder begins as labelme's do."""
    return any(_peek(path) for path in files_below(folder, ".json", _LOOKED_AT))


def read_labelme(path: Path) -> LabelmeFile:
    """Read one JSON file, at most 256 MiB. Raises DatasetError."""
    values = read_json(path, MAX_JSON_BYTES)
    shapes = values.get("shapes")
    if not isinstance(shapes, list) or len(shapes) > MAX_SHAPES:
        raise DatasetError(f"{path} has no list of shapes that can be read.", _CORRECT)
    sides = (values.get("imageHeight"), values.get("imageWidth"))
    size = tuple(v for v in sides if isinstance(v, int) and v > 0)
    named = values.get("imagePath")
    picture = named if isinstance(named, str) and named else f"{path.stem}.jpg"
    found = tuple(shape for value in shapes if (shape := _shape(value, path)))
    return LabelmeFile(picture, (size[0], size[1]) if len(size) == 2 else None, found)


def open_labelme(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture; label = the class with most area, `ok` without shapes; pictures of one series are one group.

    Raises DatasetError.
    """
    index = PictureIndex(folder)
    files: dict[Path, LabelmeFile] = {}
    named = missing = 0
    for path in (p for p in files_below(folder, ".json") if _peek(p)):
        file = read_labelme(path)
        named += 1
        picture = index.find(file.picture, path.parent) or index.find(path.stem, path.parent)
        if picture is None:
            missing += 1
        elif picture in files:
            raise DatasetError(f"{path} labels {index.key(picture)}, which another file labels too.", "Keep one.")
        else:
            files[picture] = file
            if file.size:
                check_size(str(path), file.size, picture)
    notes = missing_notes(folder, named, missing, f"{folder} and the folders below it")
    series = [_SERIES.fullmatch(p.stem) for p in index.paths]
    whole = len({m.groups() for m in series if m}) > 1 and all(series)
    groups = [f"{m[1]}_{m[2]}" if m and whole else "" for m in series]
    samples = [_sample(index, p, files.get(p), g) for p, g in zip(index.paths, groups, strict=True)]
    return make_dataset(folder.resolve().name, "labelme", samples, ok_classes, folder, missing=missing, notes=notes)


def _sample(index: PictureIndex, path: Path, file: LabelmeFile | None, group: str) -> Sample:
    areas: dict[str, float] = defaultdict(float)
    for name, shape in file.shapes if file else ():
        areas[name] += shape.area
    labels = sorted(areas, key=lambda name: (-areas[name], name)) or [OK]
    drawn = [shape for _, shape in file.shapes] if file else []
    key = index.key(path)
    load = with_mask(path, lambda height, width: draw(drawn, height, width))
    return Sample(key, labels[0], group or key, load, True, digest=sha256_of(path), path=path, also=tuple(labels[1:]))


def _shape(value: Any, path: Path) -> tuple[str, Shape] | None:
    """A shape and its class; None for points, which enclose nothing."""
    if not isinstance(value, dict) or not isinstance(value.get("label"), str) or not value["label"].strip():
        raise DatasetError(f"{path} has a shape without a label.", _CORRECT)
    label, kind, points = value["label"].strip(), value.get("shape_type") or "polygon", value.get("points")
    if kind in ("point", "points"):
        return None
    if not isinstance(points, list) or not all(isinstance(p, list) and len(p) == 2 for p in points):
        raise DatasetError(f"{path} has a shape whose points cannot be read.", _CORRECT)
    places = np.array([[coordinate(v, path) for v in point] for point in points], np.float64).reshape(-1, 2)
    if kind == "rectangle" and len(places) in (2, 4):
        return label, rectangle(*places.min(axis=0).tolist(), *places.max(axis=0).tolist())
    if kind not in _KINDS or len(places) < _KINDS[kind][1] or (kind == "circle" and len(places) != 2):
        raise DatasetError(f"{path} has a {kind} with {len(places)} points, which cannot be drawn.", _CORRECT)
    return label, Shape(_KINDS[kind][0], places)


def _peek(path: Path) -> bool:
    """True when the file's beginning names shapes; the rest may be a whole picture."""
    try:
        with path.open("rb") as file:
            return b'"shapes"' in file.read(_PEEKED)
    except OSError:
        return False
