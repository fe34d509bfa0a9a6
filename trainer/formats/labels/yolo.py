"""YOLO: images/ and labels/ with a text file a picture, names in data.yaml, classes.txt or obj.names.

A line is a class number and a box (centre and size) or a polygon, as fractions of the picture. A folder named after
train, val or test says the part. A picture with an empty text file is sound, one without any is taken for it; boxes are
not masks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from engine.domain.inspection import Mask
from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.images.listing import PICTURE_SUFFIXES
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import part_above, reading
from trainer.formats.labels.labelme_shapes import check_shown
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import files_below, read_text
from trainer.formats.samples.pictures import PictureIndex, drawn_size, folded, missing_notes, with_mask
from trainer.formats.samples.shapes import Shape, draw, rectangle
from trainer.formats.samples.unused import Leftovers

OK = "ok"
MAX_NAMES = 10_000
MAX_LABEL_BYTES = 16 * 1024**2
NAME_LISTS = ("classes.txt", "obj.names")
_LOOKED_AT = 50
_MAX_YAML_BYTES = 1024**2
_SLACK = 1e-3
"""By so much a fraction may leave 0…1: tools round."""
_BOX_WORDS = 5
_CORRECT = "Correct that file."


def looks_like(folder: Path) -> bool:
    """True when the names are there, and text files in a folder labels or below the folder."""
    if _names_file(folder) is None:
        return False
    return bool(_text_files(folder, _LOOKED_AT))


def class_names(folder: Path) -> dict[int, str]:
    """Class numbers and names; a name is empty where data.yaml has none, or another list in the folder or below it
    another one. Raises DatasetError.
    """
    path = _names_file(folder)
    if path is None:
        raise DatasetError(f"{folder} holds no data.yaml and no classes.txt.", "Put the class names there.")
    names = _named_in(path)
    for other in _further_names(folder, path):
        for number, name in _named_in(other).items():
            # Which of the two orders the labels were drawn with nobody knows.
            if name and number in names and folded(names[number].strip()) != folded(name):
                names[number] = ""
    return names


def _further_names(folder: Path, first: Path) -> list[Path]:
    """All other lists of names: sets that were put together bring their own. data.yaml goes before others beside it."""
    lists = [path for path in files_below(folder, ".txt") if path.name in NAME_LISTS]
    lists += [path for path in files_below(folder, ".names") if path.name in NAME_LISTS]
    tables = [path for suffix in (".yaml", ".yml") for path in files_below(folder, suffix) if _names_something(path)]
    beside = [path for path in tables if path.parent == folder] if first.name == "data.yaml" else [first]
    return [path for path in (*lists, *tables) if path != first and path not in beside]


def _named_in(path: Path) -> dict[int, str]:
    return _listed(path) if path.name in NAME_LISTS else _in_yaml(path)


def _listed(path: Path) -> dict[int, str]:
    # A line's number is the class's: an empty one is a class without a name.
    lines = [line.strip() for line in read_text(path, _MAX_YAML_BYTES).splitlines()]
    return {number: line for number, line in enumerate(lines) if line}


def _in_yaml(path: Path) -> dict[int, str]:
    text = read_text(path, _MAX_YAML_BYTES)
    try:
        # Names need no anchors; with them a small file can stand for gigabytes.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader)):
            raise DatasetError(f"{path} uses YAML aliases.", "Write its values out.")
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is not valid YAML.", _CORRECT) from error
    names = values.get("names") if isinstance(values, dict) else None
    found = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(found, dict) or not found or len(found) > MAX_NAMES:
        raise DatasetError(f"{path} has no list of names.", _CORRECT)
    if not all(type(number) is int and isinstance(name, str | int | None) for number, name in found.items()):
        raise DatasetError(f"{path} has a name without a number.", _CORRECT)
    return {number: "" if name is None else str(name).strip() for number, name in found.items()}


def open_yolo(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture; label = the class with most area, `also` the others, `ok` without any. Raises DatasetError."""
    names, left = class_names(folder), Leftovers()
    index = PictureIndex(folder)
    labels = _text_files(folder)
    texts = _texts_of(folder, index.paths, labels)
    meant = {text for text in texts.values() if text is not None}
    alone = [path for path in labels if path not in meant and _says_objects(path, folder)]
    for path in alone:
        left.add(path, "there is no picture of that name.")
    missing = len(alone)
    notes = missing_notes(folder, len(meant) + missing, missing, f"{folder} and the folders below it")
    shared = {text for text, count in Counter(t for t in texts.values() if t).items() if count > 1}
    for text in sorted(shared):
        left.add(text, "more than one picture has that name; which of them it labels cannot be known.")
    samples = [
        sample
        for path in index.paths
        if texts[path] not in shared and (sample := _sample(index.key(path), path, folder, texts[path], names, left))
    ]
    notes += unseen_notes(filter(None, names.values()), (name for s in samples for name in (s.label, *s.also)))
    name = folder.resolve().name
    made = make_dataset(name, "yolo", samples, ok_classes, folder, missing=missing, notes=notes, unused=left.found)
    return replace(made, read_from=tuple(sorted({*meant, *alone})))


def _sample(
    key: str, path: Path, folder: Path, text: Path | None, names: dict[int, str], left: Leftovers
) -> Sample | None:
    """None for a picture whose every object is left out: it is not sound."""
    before = len(left.found)
    objects = _read_objects(text, path, names, left) if text is not None else []
    partly = len(left.found) > before
    if partly and not objects:
        return None
    areas: dict[str, float] = defaultdict(float)
    for name, shape, _ in objects:
        areas[name] += shape.area
    labels = sorted(areas, key=lambda name: (-areas[name], name)) or [OK]
    defects = [(shape, boxed) for name, shape, boxed in objects if not is_sound(name)]
    drawn = not partly and not any(boxed for _, boxed in defects)
    shapes = [shape for shape, _ in defects]
    load = with_mask(path, lambda height, width: _draw(shapes, height, width)) if drawn else reading(path)
    part = part_above(folder, path)
    return Sample(
        key,
        labels[0],
        key,
        load,
        drawn,
        part,
        sha256_of(path),
        path=path,
        also=tuple(labels[1:]),
        assumed=text is None,
        partly=partly,
    )


_FIRST_BYTES = 4096


def _says_objects(path: Path, folder: Path) -> bool:
    """True for a text in a folder labels, and for one that begins as a label does: a read-me or a list is none."""
    if any(part.lower() == "labels" for part in path.relative_to(folder).parts[:-1]):
        return True
    with path.open("rb") as file:
        words = next((line.split() for line in file.read(_FIRST_BYTES).splitlines() if line.strip()), [])
    # A list of pictures may bear their numbers, a line each.
    return len(words) >= _BOX_WORDS and words[0].isdigit()


def _draw(shapes: Sequence[Shape], height: int, width: int) -> Mask:
    return draw([_scaled(shape, height, width) for shape in shapes], height, width)


def _scaled(shape: Shape, height: int, width: int) -> Shape:
    # A fraction tells a place between the picture's edges; pixel centres lie half a pixel inside.
    return Shape(shape.kind, shape.points * (width, height) - 0.5)


def _read_objects(path: Path, picture: Path, names: dict[int, str], left: Leftovers) -> list[tuple[str, Shape, bool]]:
    """Class, outline in fractions, and whether it is only a box."""
    text = left.unless_read(path, partial(read_text, path, MAX_LABEL_BYTES))
    lines = [(number, line.split()) for number, line in enumerate((text or "").splitlines(), start=1) if line.strip()]
    size = drawn_size(picture) if any(len(words) > _BOX_WORDS for _, words in lines) else None
    found = []
    for number, words in lines:
        where = f"{path} line {number}"
        one = left.unless_read(where, partial(_object, words, names, size, where))
        found += [one] if one is not None else []
    return found


def _object(
    words: Sequence[str], names: dict[int, str], size: tuple[int, int] | None, where: str
) -> tuple[str, Shape, bool]:
    try:
        label, values = names.get(int(words[0])), np.array([float(word) for word in words[1:]], np.float64)
    except ValueError as error:
        raise DatasetError(f"{where} is not made of numbers.", _CORRECT) from error
    if label == "":
        raise DatasetError(f"{where} has the class {words[0]}, which has no name in data.yaml, or two.", _CORRECT)
    if label is None:
        raise DatasetError(f"{where} has the class {words[0]}, which has no name.", _CORRECT)
    if not ((values >= -_SLACK) & (values <= 1 + _SLACK)).all():
        raise DatasetError(f"{where} has a place outside the picture.", "Places are fractions from 0 to 1.")
    if values.size == 4:
        x, y, width, height = values
        return label, rectangle(x - width / 2, y - height / 2, x + width / 2, y + height / 2), True
    if values.size > 4 and values.size % 2:
        raise DatasetError(
            f"{where} is neither a box nor a polygon: where its last number is a confidence, a model wrote it; take "
            "that number away once a person has looked.",
            _CORRECT,
        )
    if values.size < 6:
        raise DatasetError(f"{where} is neither a box nor a polygon.", _CORRECT)
    shape = Shape("polygon", values.reshape(-1, 2))
    check_shown(_scaled(shape, *(size or (1, 1))), size, where)
    return label, shape, False


def _texts_of(folder: Path, pictures: Sequence[Path], labels: Sequence[Path]) -> dict[Path, Path | None]:
    """The text file of each picture, whatever the case of names: in labels/ where it lies in images/, or beside it."""
    known = {folded(path.relative_to(folder).with_suffix("").as_posix()): path for path in reversed(labels)}
    found: dict[Path, Path | None] = {}
    for picture in pictures:
        inside = picture.relative_to(folder).with_suffix("")
        parts = list(inside.parts)
        places = [n for n, part in enumerate(parts[:-1]) if part.lower() == "images"]
        for place in places[-1:]:
            parts[place] = "labels"
        found[picture] = known.get(folded(Path(*parts).as_posix())) or known.get(folded(inside.as_posix()))
    return found


def _text_files(folder: Path, at_most: int = 0) -> list[Path]:
    """Label files: the texts below the folder; of those in the folder itself, only the ones of pictures there."""
    found = [p for p in files_below(folder, ".txt", at_most) if p.name.lower() not in NAME_LISTS]
    beside = {folded(p.stem) for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES}
    return [p for p in found if p.parent != folder or folded(p.stem) in beside]


def _names_file(folder: Path) -> Path | None:
    candidates = [folder / "data.yaml", *sorted(folder.glob("*.yaml")), *sorted(folder.glob("*.yml"))]
    candidates += _name_lists(folder)
    for path in candidates:
        if path.is_file() and (path.name in NAME_LISTS or _names_something(path)):
            return path
    return None


def _name_lists(folder: Path) -> list[Path]:
    return [place / name for place in (folder, folder / "labels") for name in NAME_LISTS]


def _names_something(path: Path) -> bool:
    try:
        return any(line.startswith("names:") for line in read_text(path, _MAX_YAML_BYTES).splitlines())
    except DatasetError:
        return False
