"""Pictures of several classes: an optional labels.csv beside the pictures, for multi-label training.

Its lines are `path,class;class`: a picture's path from the data set's top with forward slashes, and every class it
shows. The class of its folder, or its label in dataset.json, may be left out. A first line `path,classes` is skipped.
A spreadsheet's `path;class;class` is read too, when its first line begins with a picture's path or with `path`.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import DatasetError
from engine.names import name_of
from engine.reports.csv_tables import read_rows, separator_of
from trainer.formats.samples.dataset import Sample

LABELS_FILE = "labels.csv"
HEAD = "path"
MAX_BYTES = 64 * 1024**2


def with_further_classes(samples: Sequence[Sample], folder: Path) -> list[Sample]:
    """The samples with what labels.csv adds; unchanged without one. Raises DatasetError for a bad line."""
    path = folder / LABELS_FILE
    if not path.is_file():
        return list(samples)
    keys = {name_of(s.key) for s in samples}
    named = _read(path, keys)
    unknown = named.keys() - keys
    if unknown:
        raise DatasetError(
            f"{path} names {min(unknown)}, which is not in the data set.",
            "Correct that line; the only line of titles there may be begins with `path`.",
        )
    return [replace(s, also=tuple(n for n in named.get(name_of(s.key), ()) if n != s.label)) for s in samples]


def _read(path: Path, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DatasetError(f"{path} is larger than 64 MiB.", "Split the data set.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            begins = next((line for line in file if line.strip()), "")
            separator = separator_of(begins, {HEAD, *(key.lower() for key in keys)})
            file.seek(0)
            for number, line in enumerate(read_rows(file, separator), start=1):
                if not line or (number == 1 and line[0].strip().lower() == HEAD):
                    continue
                classes = tuple(dict.fromkeys(n.strip() for n in ";".join(line[1:]).split(";") if n.strip()))
                if not classes or (separator == "," and len(line) != 2):
                    raise DatasetError(f"{path} line {number} is not `path,class;class`.", "Correct that line.")
                found[line[0].strip()] = classes
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read.", "Save it as CSV in UTF-8.") from error
    return found
