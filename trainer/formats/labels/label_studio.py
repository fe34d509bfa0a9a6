"""Label Studio's JSON export: a list of tasks, each a picture and what people said of it.

Boxes, polygons, ellipses and brushed masks, as fractions of the picture; choices are the picture's classes. What a
model suggested (predictions) is no label, and a task that nobody finished none either. Boxes are not masks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.images.listing import PICTURE_SUFFIXES
from trainer.formats.labels.brush import read_brush
from trainer.formats.labels.drawing import Drawing, ellipse, turned
from trainer.formats.labels.imagefolder import part_above
from trainer.formats.labels.labelme_shapes import Drawn, check_shown
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unless_sound
from trainer.formats.samples.label_files import coordinate, head_of, nearest_first, parse_json, read_bytes, read_text
from trainer.formats.samples.pictures import PictureIndex, check_size, find_named, missing_notes
from trainer.formats.samples.shapes import Shape, rectangle
from trainer.formats.samples.unused import Leftovers

_HEAD_BYTES = 64
_KEYS = (b'"annotations"', b'"data"', b'"result"')
_REMARKS = frozenset({"textarea", "rating", "number", "datetime", "relation", "pairwise"})
"""What a person adds that is no label of a picture."""
_TAXONOMY = "taxonomy"
"""Choices in a tree: each is the list of names that leads to it."""
# It puts so many letters of a random name before that of a picture that is brought to it.
_BROUGHT = re.compile(r"[0-9a-f]{8}-(.+)")
_CORRECT = "Export the data set again."


@dataclass(slots=True)
class Task:
    """One picture and what the last annotation says of it."""

    names: tuple[str, ...]
    """What the picture may be called, the likeliest first."""
    size: tuple[int, int] | None = None
    """Height and width; None where nothing is drawn on it."""
    drawing: Drawing = field(default_factory=Drawing)


def looks_like(folder: Path) -> bool:
    """True when one of the first JSON files of a folder is a list of tasks."""
    return bool(task_files(folder))


def task_files(folder: Path) -> list[Path]:
    """The exports at any depth."""
    return [path for path in nearest_first(folder, ".json") if _is_export(path)]


def open_label_studio(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture of a finished task; label = the class with most area, `also` the others. Raises DatasetError."""
    index, left = PictureIndex(folder), Leftovers()
    samples: dict[Path, Sample | None] = {}
    named = missing = unfinished = 0
    files = task_files(folder)
    for path in files:
        for number, value in enumerate(_tasks(path), start=1):
            where = f"{path} task {value.get('id', number)}"
            task = left.unless_read(where, partial(_task, value, where, left))
            if task is None:
                unfinished += 1
                continue
            named += 1
            before = len(left.found)
            picture = find_named(index, task.names, None, where, left)
            if picture is None:
                missing += 1
                if len(left.found) == before:
                    left.add(where, f"there is no picture {task.names[0]}.")
            elif picture in samples:
                left.add(where, f"{index.key(picture)} is labelled before.")
                samples[picture] = unless_sound(samples[picture])
            else:
                samples[picture] = left.unless_read(where, partial(_sample, folder, picture, task, where))
    notes = missing_notes(folder, named, missing, f"{folder} and the folders below it")
    if unfinished:
        notes += (f"{unfinished} tasks are not finished, skipped or cannot be read, and are left out.",)
    if unlisted := len(index.paths) - len(samples):
        notes += (f"{unlisted} pictures are in no finished task and are left out.",)
    listed = [sample for p in index.paths if (sample := samples.get(p)) is not None]
    name = folder.resolve().name
    made = make_dataset(
        name, "label-studio", listed, ok_classes, folder, missing=missing, notes=notes, unused=left.found
    )
    return replace(made, read_from=tuple(files))


def _sample(folder: Path, picture: Path, task: Task, where: str) -> Sample | None:
    if task.size:
        check_size(where, task.size, picture)
    return task.drawing.sample(picture.relative_to(folder).as_posix(), picture, part_above(folder, picture))


def _tasks(path: Path) -> list[dict[str, Any]]:
    found = parse_json(read_text(path), path)
    if not isinstance(found, list) or not all(isinstance(task, dict) for task in found):
        raise DatasetError(f"{path} is no list of tasks.", _CORRECT)
    return found


def _task(value: dict[str, Any], where: str, left: Leftovers) -> Task | None:
    """None for a task that nobody finished. Raises DatasetError for one without a picture."""
    data, said = value.get("data"), value.get("annotations")
    finished = [one for one in _list(said) if isinstance(one, dict) and not one.get("was_cancelled")]
    if not finished:
        return None
    names = _names(data if isinstance(data, dict) else {}, value.get("file_upload"))
    if not names:
        raise DatasetError(f"{where} names no picture.", _CORRECT)
    # Of several people's, the one that was declared the truth; else the last.
    last = max(enumerate(finished), key=lambda one: (bool(one[1].get("ground_truth")), str(_when(one[1])), one[0]))[1]
    for other in finished:
        if other is not last and other.get("result") != last.get("result"):
            left.add(f"{where} annotation {other.get('id', '')}".rstrip(), "another one of the same task is used.")
    task = Task(names, drawing=Drawing(said=True))
    results = _list(last.get("result"))
    for number, result in enumerate(results, start=1):
        place = f"{where} result {number}"
        if left.unless_read(place, partial(_add, task, result, results, place)) is None:
            task.drawing.unread = True
    return task


def _add(task: Task, result: Any, results: list[Any], where: str) -> bool:
    """True. Raises DatasetError for a result that cannot be used."""
    if isinstance(result, dict) and result.get("type") == "relation":
        # It joins two regions, and has no value.
        return True
    if not isinstance(result, dict) or not isinstance(value := result.get("value"), dict):
        raise DatasetError(f"{where} cannot be read.", _CORRECT)
    kind, same = str(result.get("type")), _others(result, results)
    labels = _leaves(value.get(kind)) if kind == _TAXONOMY else value.get(kind)
    if kind in _REMARKS or (labels is None and any(other.get("type") == "labels" for other in same)):
        # What is drawn stands there twice where its label is chosen apart: once with the label.
        return True
    if (
        not isinstance(labels, list)
        or not labels
        or not all(isinstance(label, str) and label.strip() for label in labels)
    ):
        raise DatasetError(f"{where} ({kind[:40]}) has no label.", _CORRECT)
    if kind in ("choices", _TAXONOMY):
        # One of a region's id says something of that region, not of the picture.
        regions = [other for other in same if other.get("type") not in ("choices", _TAXONOMY, *_REMARKS)]
        for label in labels if not regions else []:
            task.drawing.name(label.strip())
        return True
    size = _size(result, where)
    if task.size not in (None, size):
        raise DatasetError(f"{where} is drawn on a picture of another size than the others.", _CORRECT)
    shape = _shape(value, size, where)
    check_shown(shape, size, where, boxed="height" in value)
    task.size = size
    for label in labels:
        task.drawing.draw(label.strip(), shape, boxed="height" in value)
    return True


def _leaves(paths: Any) -> Any:
    """The last name of each choice in a tree, or the one on the way there that says sound."""
    if not isinstance(paths, list) or not all(isinstance(path, list) and path for path in paths):
        return None
    return [next((name for name in path if isinstance(name, str) and is_sound(name)), path[-1]) for path in paths]


def _others(result: dict[str, Any], results: list[Any]) -> list[dict[str, Any]]:
    """What else is said under the same id."""
    known = result.get("id")
    return [r for r in results if isinstance(r, dict) and r is not result and known and r.get("id") == known]


def _size(result: dict[str, Any], where: str) -> tuple[int, int]:
    width, height = (int(coordinate(result.get(f"original_{name}"), where)) for name in ("width", "height"))
    if width < 1 or height < 1:
        raise DatasetError(f"{where} is drawn on a picture of an impossible size.", _CORRECT)
    if coordinate(result.get("image_rotation") or 0, where) % 360:
        raise DatasetError(f"{where} is drawn on a picture that was turned in the tool.", "Turn the picture itself.")
    return height, width


def _shape(value: dict[str, Any], size: tuple[int, int], where: str) -> Drawn:
    height, width = size
    if "rle" in value:
        return read_brush(value["rle"], height, width, where)
    if pairs := value.get("points"):
        if not isinstance(pairs, list) or len(pairs) < 3 or any(len(_list(pair)) != 2 for pair in pairs):
            raise DatasetError(f"{where} encloses nothing.", _CORRECT)
        points = np.array([[coordinate(v, where) for v in pair] for pair in pairs], np.float64)
        # A fraction tells a place between the picture's edges; pixel centres lie half a pixel inside.
        return Shape("polygon", points * (width / 100, height / 100) - 0.5)
    boxed = "height" in value
    if not boxed and "radiusX" not in value:
        raise DatasetError(f"{where} encloses nothing.", _CORRECT)
    sides = ("width", "height") if boxed else ("radiusX", "radiusY")
    x, y, across, down = (coordinate(value.get(name), where) for name in ("x", "y", *sides))
    x, y, across, down = x * width / 100 - 0.5, y * height / 100 - 0.5, across * width / 100, down * height / 100
    shape = rectangle(x, y, x + across, y + down) if boxed else ellipse(x, y, across, down)
    return turned(shape, coordinate(value.get("rotation") or 0, where), x, y)


def _names(data: dict[str, Any], uploaded: Any) -> tuple[str, ...]:
    """What the picture of a task may be called here: its address is only matched by name, never opened."""
    texts = [text for key, text in sorted(data.items(), key=lambda one: one[0] != "image") if isinstance(text, str)]
    found = []
    for text in (*texts, uploaded if isinstance(uploaded, str) else ""):
        address = urlsplit(text)
        local = parse_qs(address.query).get("d", [])
        path = local[0] if local else unquote(address.path)
        if PurePosixPath(path).suffix.lower() in PICTURE_SUFFIXES:
            brought = _BROUGHT.fullmatch(PurePosixPath(path).name)
            found += [path, *([brought[1]] if brought else [])]
    return tuple(dict.fromkeys(found))


def _when(annotation: dict[str, Any]) -> Any:
    return annotation.get("updated_at") or annotation.get("created_at") or ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_export(path: Path) -> bool:
    if not head_of(path, _HEAD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return False
    try:
        data = read_bytes(path)
    except DatasetError:
        return False
    return all(key in data for key in _KEYS)
