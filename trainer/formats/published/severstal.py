"""Severstal's steel: a csv of run lengths in one of its two layouts, pictures in train_images/, images/ or beside it.

    ImageId,ClassId,EncodedPixels       one row for each class a picture shows
    ImageId_ClassId,EncodedPixels       four rows for each picture, empty where it does not show that class

Class 1 is crack, 2 scratch, 3 dent, 4 other; OK is a class of its own, for pictures without runs. The published system
shifted these names by one (its first defect class bore the name OK), so that no sound picture was judged at all.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from pathlib import Path

import numpy as np

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import reading
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset
from trainer.formats.samples.label_files import MAX_BYTES
from trainer.formats.samples.pictures import PictureIndex, check_upright, missing_notes, size_of, with_mask
from trainer.formats.samples.runs import RunLengths, decode, parse_runs
from trainer.formats.samples.unused import Leftovers

OK = "ok"
NAMES = {1: "crack", 2: "scratch", 3: "dent", 4: "other"}
MAX_CLASS = 99
LAYOUTS = (("ImageId", "ClassId", "EncodedPixels"), ("ImageId_ClassId", "EncodedPixels"))
_PLACES = ("train_images", "images")
_EMPTY = ("", "nan")
"""What stands for no run lengths, the second where pandas wrote the table."""
_CORRECT = "Correct that line."


@dataclass(slots=True)
class Rows:
    """What the csv says of one picture."""

    runs: dict[int, RunLengths] = field(default_factory=dict)
    """By class; empty where its rows are: it shows none."""
    partly: bool = False
    """Some of its rows are not used."""


def class_name(number: int) -> str:
    """The name of defect class `number`; beyond the four published ones `class_N`."""
    return NAMES.get(number, f"class_{number}")


def looks_like(folder: Path) -> bool:
    """True when a csv in the folder has the columns of one of the two layouts."""
    return bool(tables(folder))


def tables(folder: Path) -> list[Path]:
    """The csv files with run lengths: train.csv, else all of them but the sample submission, which teaches nothing."""
    found = [p for p in sorted(folder.glob("*.csv")) if not _lacking(_head(p))]
    told = [p for p in found if not p.name.lower().startswith("sample_submission")]
    return [p for p in told if p.name.lower() == "train.csv"] or told


def read_runs(path: Path, left: Leftovers | None = None) -> dict[str, Rows]:
    """Run lengths of each picture and class, in the file's order; a line that cannot be used goes to `left`.

    Raises DatasetError for missing columns or a file that cannot be read, and without `left` for a bad line too.
    """
    left = left or Leftovers(refusing=True)
    found: dict[str, Rows] = {}
    try:
        for line, joined, values in _lines(path):
            where = f"{path} line {line}"
            left.unless_read(where, partial(_take, found, values, joined, where))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read.", "Save it as CSV in UTF-8.") from error
    return found


def _take(found: dict[str, Rows], values: Sequence[str] | None, joined: bool, where: str) -> None:
    if values is None:
        raise DatasetError(f"{where} has too few columns.", _CORRECT)
    name, number = values[0].rpartition("_")[::2] if joined else values[:2]
    if not name:
        raise DatasetError(f"{where} names no picture and class.", _CORRECT)
    rows = found.setdefault(name, Rows())
    if values[-1].lower() in _EMPTY:
        return
    try:
        if (label := _class_number(number, where)) in rows.runs:
            raise DatasetError(f"{where} names class {label} of {name} for the second time.", _CORRECT)
        rows.runs[label] = parse_runs(values[-1], where)
    except DatasetError:
        rows.partly = True
        raise


def open_severstal(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture of the folder; label = its lowest class, `also` the others, mask = all of them together.

    Raises DatasetError, also when the csv names pictures and none of them is there.
    """
    left = Leftovers()
    named: dict[str, Rows] = {}
    read_from = _checked_tables(folder)
    for path in sorted(folder.glob("*.csv")):
        if (
            path not in read_from
            and not path.name.lower().startswith("sample_submission")
            and not _lacking(_head(path))
        ):
            left.add(path, f"{read_from[0].name} is read instead.")
    for path in read_from:
        for name, rows in read_runs(path, left).items():
            if (first := named.setdefault(name, rows)) is not rows:
                _add(first, rows, f"{path}: {name}", left)
    index = _pictures(folder)
    rows_of, missing = _rows_of(index, named, left)
    looked = ", ".join(f"{folder / place}" for place in _PLACES)
    notes = missing_notes(folder, len(named), missing, f"{looked} and {folder}")
    read = [left.unless_read(path, partial(_sample, index, path, rows_of.get(path))) for path in index.paths]
    samples = [sample for sample in read if sample is not None]
    name = folder.resolve().name
    made = make_dataset(name, "severstal", samples, ok_classes, folder, missing=missing, notes=notes, unused=left.found)
    return replace(made, read_from=(*read_from, *folder.glob("[Ss]ample_submission*.csv")))


def _add(first: Rows, more: Rows, where: str, left: Leftovers) -> None:
    """What another csv says of the same picture; where both draw one class otherwise, neither is all of it."""
    first.partly |= more.partly
    for number, runs in more.runs.items():
        known = first.runs.setdefault(number, runs)
        if not (np.array_equal(known.starts, runs.starts) and np.array_equal(known.lengths, runs.lengths)):
            first.partly = True
            left.add(where, f"another csv has other runs of class {number}.")


def _rows_of(index: PictureIndex, named: dict[str, Rows], left: Leftovers) -> tuple[dict[Path, Rows], int]:
    """The rows of each picture, and how many names have none; of two names of one picture the first counts."""
    found: dict[Path, Rows] = {}
    missing = 0
    for name, rows in named.items():
        meant = index.meant(name)
        if len(meant) > 1:
            left.add(name, index.either(name, meant))
            for either in meant:
                found.setdefault(either, Rows()).partly = True
            continue
        picture = next(iter(meant), None)
        missing += picture is None
        if picture is not None and found.setdefault(picture, rows) is not rows:
            left.add(name, f"{index.key(picture)} has rows by another name already.")
            found[picture].partly = True
        elif picture is None and (rows.runs or rows.partly):
            left.add(name, "there is no picture of that name.")
    return found, missing


def _sample(index: PictureIndex, path: Path, rows: Rows | None) -> Sample | None:
    """None for a picture whose rows are all left out: it is not sound. Raises DatasetError for runs outside of it."""
    runs = rows.runs if rows else {}
    if rows and rows.partly and not runs:
        return None
    labels = [class_name(number) for number in sorted(runs)] or [OK]
    size = size_of(path) if runs else None
    where = f"The csv's row of {path.name}"
    if runs:
        check_upright(where, path)
    if size is not None and any(r.end > size[0] * size[1] for r in runs.values()):
        _union(runs, size[0], size[1], where)
    key, said, drawn = index.key(path), tuple(labels[1:]), not (rows and rows.partly)
    load = with_mask(path, lambda height, width: _union(runs, height, width, where)) if drawn else reading(path)
    return Sample(key, labels[0], key, load, drawn, digest=sha256_of(path), path=path, also=said, assumed=rows is None)


def _union(runs: dict[int, RunLengths], height: int, width: int, where: str) -> Mask:
    masks = (decode(r, height, width, where) for r in runs.values())
    return reduce(np.maximum, masks, np.zeros((height, width), np.uint8))


def _pictures(folder: Path) -> PictureIndex:
    for name in _PLACES:
        if (folder / name).is_dir():
            return PictureIndex(folder, PictureIndex(folder / name).paths)
    return PictureIndex(folder, [p for p in PictureIndex(folder).paths if p.parent == folder])


def _checked_tables(folder: Path) -> list[Path]:
    found = tables(folder)
    if found:
        return found
    lists = sorted(folder.glob("*.csv"))
    if not lists:
        raise DatasetError(f"{folder} holds no csv with run lengths.", "Put train.csv beside train_images.")
    raise _columns_missing(lists[0], _lacking(_head(lists[0])) or LAYOUTS[0])


def _columns_missing(path: Path, columns: Sequence[str]) -> DatasetError:
    return DatasetError(f"{path} lacks the column {columns[0]}.", "Its columns must be ImageId,ClassId,EncodedPixels.")


def _head(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(4096)
            return [name.strip() for name in next(csv.reader([line], delimiter=_separator(line)), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _separator(head: str) -> str:
    """A spreadsheet may have saved the table with semicolons or tabs; its columns may stand in any order."""
    return max(",;\t", key=head.count)


def _lacking(head: Sequence[str]) -> tuple[str, ...]:
    """The columns that the nearer layout still needs; empty when the head is one of the two."""
    lacking = [tuple(name for name in layout if name not in head) for layout in LAYOUTS]
    if LAYOUTS[1][0] in head:
        return lacking[1]
    return lacking[0]


def _lines(path: Path) -> Iterator[tuple[int, bool, list[str] | None]]:
    """Number of each line, whether picture and class are one word, and its values in the layout's order; None: few."""
    if path.stat().st_size > MAX_BYTES:
        raise DatasetError(f"{path} is larger than 512 MiB.", "Split the data set.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        separator = _separator(file.readline(4096))
        file.seek(0)
        reader = csv.reader(file, delimiter=separator)
        head = [name.strip() for name in next(reader, [])]
        if lacking := _lacking(head):
            raise _columns_missing(path, lacking)
        joined = LAYOUTS[1][0] in head
        places = [head.index(name) for name in LAYOUTS[1 if joined else 0]]
        for row in reader:
            if row:
                whole = len(row) > max(places)
                yield reader.line_num, joined, [row[place].strip() for place in places] if whole else None


def _class_number(text: str, where: str) -> int:
    digits = text.removesuffix(".0")  # so pandas writes a column in which a number is missing
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else 0
    if not 1 <= number <= MAX_CLASS:
        raise DatasetError(f"{where} has the class {text[:20]!r}; classes are numbered from 1.", _CORRECT)
    return number
