"""VisA as it is distributed: a folder a product with image_anno.csv, its pictures and masks in Data.

candle/Data/Images/Normal/0000.JPG  candle/Data/Images/Anomaly/000.JPG  candle/Data/Masks/Anomaly/000.png
image_anno.csv: image,label,mask; the label is `normal`, or the kinds of defect with commas between them
split_csv/1cls.csv: object,split,label,image,mask says the parts, where it lies in the folder that is opened
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from trainer.formats.labels.imagefolder import PARTS
from trainer.formats.published.masked import masked_sample, one_of, sets_below
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unless_sound
from trainer.formats.samples.label_files import read_text
from trainer.formats.samples.pictures import PictureIndex, find_named, missing_notes
from trainer.formats.samples.unused import Leftovers

LIST = "image_anno.csv"
SPLITS = ("split_csv/1cls.csv", "1cls.csv")
MAX_CSV_BYTES = 64 * 1024**2
_COLUMNS = ("image", "label", "mask")


def looks_like(folder: Path) -> bool:
    """True for a product's folder with image_anno.csv and Data, and for one that holds such folders."""
    return _is_product(folder) or bool(sets_below(folder, _is_product))


def _is_product(folder: Path) -> bool:
    return (folder / LIST).is_file() and (folder / "Data").is_dir()


def open_visa(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture of the list; label = its first kind, `also` the others. Raises DatasetError."""
    product, left = one_of(folder, _is_product), Leftovers()
    pictures, drawings = product / "Data" / "Images", product / "Data" / "Masks"
    if not pictures.is_dir():
        raise DatasetError(f"{product} lacks the folder Data/Images.", "Copy the whole data set again.")
    index, masks = PictureIndex(pictures), PictureIndex(drawings, None if drawings.is_dir() else ())
    parts = _parts(folder) or _parts(product)
    samples: dict[Path, Sample | None] = {}
    named = missing = 0
    for line, row in _rows(product / LIST, _COLUMNS):
        named += 1
        where = f"{product / LIST} line {line}"
        before = len(left.found)
        picture = find_named(index, [row["image"]], None, where, left)
        labels = list(dict.fromkeys(word.strip() for word in row["label"].split(",") if word.strip()))
        if picture is None:
            missing += 1
            if len(left.found) == before:
                left.add(where, f"there is no picture {row['image']}.")
        elif not labels or picture in samples:
            left.add(where, f"it has no label, or {picture.name} is named before.")
            # Of two rows, one may have meant a picture of that name in another folder, which is not there.
            samples[picture] = unless_sound(samples.get(picture))
        else:
            part = parts.get(_ending(row["image"]), "")
            read = partial(_sample, product, picture, labels, masks, row["mask"], part, where, left)
            samples[picture] = left.unless_read(where, read)
    notes = missing_notes(product, named, missing, f"{product / 'Data' / 'Images'}")
    if unlisted := len(index.paths) - len(samples):
        notes += (f"{unlisted} pictures are not in {LIST} and are left out.",)
    listed = [sample for path in index.paths if (sample := samples.get(path)) is not None]
    name = product.resolve().name
    return make_dataset(name, "visa", listed, ok_classes, product, missing=missing, notes=notes, unused=left.found)


def _sample(
    product: Path,
    picture: Path,
    labels: Sequence[str],
    masks: PictureIndex,
    drawn: str,
    part: Part,
    where: str,
    left: Leftovers,
) -> Sample:
    """A defect whose mask is missing is one all the same. Raises DatasetError for a sound picture that names one."""
    mask = masks.find(drawn) if drawn else None
    if drawn and mask is None:
        reason = f"there is no mask {drawn}."
        if is_sound(labels[0]):
            raise DatasetError(f"{where} {reason}", "Copy the whole data set again.")
        left.add(where, reason)
    return masked_sample(product, picture, labels, [mask] if mask else [], part)


def _parts(folder: Path) -> dict[str, Part]:
    """Where the list of the one-class split puts each picture."""
    path = next((folder / name for name in SPLITS if (folder / name).is_file()), None)
    if path is None:
        return {}
    return {_ending(row["image"]): PARTS.get(row["split"].lower(), "") for _, row in _rows(path, ("image", "split"))}


def _ending(name: str) -> str:
    """The product's folder and what is below it, however far up the list begins."""
    return PurePosixPath(*PurePosixPath(name).parts[-5:]).as_posix()


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and the columns of each row. Raises DatasetError."""
    text = read_text(path, MAX_CSV_BYTES)
    # A spreadsheet may have saved the list with semicolons or tabs.
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        lacking = [name for name in columns if name not in (reader.fieldnames or ())]
        if lacking:
            raise DatasetError(f"{path} lacks the column {lacking[0]}.", f"Its columns must be {','.join(columns)}.")
        for row in reader:
            yield reader.line_num, {name: (row[name] or "").strip() for name in columns}
    except csv.Error as error:
        raise DatasetError(f"{path} is not valid CSV.", "Copy the whole data set again.") from error
