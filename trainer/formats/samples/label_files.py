"""Reading the files that hold labels: bounded, in whole, and each fault as one sentence that names the file."""

from __future__ import annotations

import json
import math
import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import Any

from engine.errors import DatasetError
from engine.images.listing import natural_key
from engine.system.texts import text_of

MAX_BYTES = 512 * 1024**2
MAX_COORDINATE = 1e6
_WHOLE = "Copy the whole data set again."
_DRAWN = {
    ".json": (b'"points"', b'"bbox"', b'"segmentation"', b'"coordinates"', b'"shape_attributes"', b'labels"'),
    ".csv": (b"xmin", b"x_min", b"bbox", b"x1", b"left", b"shape_attributes", b"polygon", b"encodedpixels"),
    ".xml": (b"<bndbox", b"<box", b"<polygon", b"<polyline", b"<ellipse", b"<mask"),
}
_BOX_WORDS = 5
_PICTURE_NAME = re.compile(rb"[^\\/\"',;<>=\t\r\n]+\.[A-Za-z]{3,4}(?![A-Za-z0-9])")


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The file's bytes. Raises DatasetError when it is missing, unreadable or longer than `limit`."""
    try:
        if not stat.S_ISREG((found := path.stat()).st_mode):
            raise DatasetError(f"{path} is no plain file.", "Put the file itself there.")
        if found.st_size > limit:
            raise DatasetError(f"{path} is larger than {limit // 1024**2} MiB.", "Split the data set.")
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror or error}).", _WHOLE) from error


def read_text(path: Path, limit: int = MAX_BYTES) -> str:
    """The file as UTF-8 text, with a mark in front or without. Raises DatasetError."""
    return text_of(read_bytes(path, limit), str(path), DatasetError)


def read_json(path: Path, limit: int = MAX_BYTES) -> dict[str, Any]:
    """The file as one JSON object. Raises DatasetError for anything else."""
    value = parse_json(read_text(path, limit), path)
    if not isinstance(value, dict):
        raise DatasetError(f"{path} is not a JSON object.", _WHOLE)
    return value


def parse_json(text: str, where: Path | str) -> Any:
    """A text as JSON. Raises DatasetError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where} is not valid JSON.", _WHOLE) from error


def coordinate(value: object, path: Path | str) -> float:
    """A number that can be a place in a picture, in pixels. Raises DatasetError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DatasetError(f"{path} has {value!r} where a coordinate should be.", "Correct that file.")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not abs(number) <= MAX_COORDINATE:
        raise DatasetError(f"{path} has {str(value)[:40]!r} where a coordinate should be.", "Correct that file.")
    return number


def files_below(folder: Path, suffix: str, at_most: int = 0) -> list[Path]:
    """The files below `folder` with this suffix in natural order, hidden ones left out; the first found if bounded."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        wanted = sorted(n for n in names if n.lower().endswith(suffix) and not n.startswith("."))
        found += [Path(root, name) for name in wanted]
        if at_most and len(found) >= at_most:
            return found[:at_most]
    return sorted(found, key=lambda path: natural_key(path.relative_to(folder)))


def nearest_first(folder: Path, suffix: str) -> list[Path]:
    """The files at any depth, the ones nearer to the top before those below."""
    return sorted(files_below(folder, suffix), key=lambda path: (len(path.parts), path.parent, path))


def head_of(path: Path, size: int) -> bytes:
    """How the file begins; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def draws_something(path: Path) -> bool:
    """Whether a JSON, an XML or a text of unknown kind tells of a place in a picture, or is cut short."""
    try:
        data = read_bytes(path)
    except DatasetError:
        return True
    suffix = path.suffix.lower()
    if suffix == ".txt":
        words = next((line.split() for line in data.splitlines() if line.strip()), [])
        return len(words) >= _BOX_WORDS and words[0].isdigit()
    whole = data.rstrip().endswith((b">",) if suffix == ".xml" else (b"}", b"]"))
    return not whole or any(word in data for word in _DRAWN[suffix])


def places_told(path: Path) -> set[str]:
    """The names of pictures, in small letters, that a JSON, CSV or XML of unknown kind tells places in."""
    try:
        data = read_bytes(path)
    except DatasetError:
        return set()
    suffix = path.suffix.lower()
    words = data[: data.find(b"\n")].lower() if suffix == ".csv" else data
    if not any(word in words for word in _DRAWN[suffix]):
        return set()
    found = (name.decode("utf-8", "replace").strip() for name in _PICTURE_NAME.findall(data))
    return {unicodedata.normalize("NFC", name).casefold() for name in found}
