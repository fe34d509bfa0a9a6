"""Pictures of several classes: an optional labels.csv beside the pictures, for multi-label training.

Its lines are `path,class;class`: a picture's path from the data set's top with forward slashes, and every class it
shows. The class of its folder, or its label in dataset.json, may be left out. A first line `path,classes` is skipped.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import DatasetError
from trainer.formats.samples.dataset import Sample

LABELS_FILE = "labels.csv"
MAX_BYTES = 64 * 1024**2


def with_further_classes(samples: Sequence[Sample], folder: Path) -> list[Sample]:
    """The samples with what labels.csv adds; unchanged without one. Raises DatasetError for a bad line."""
    path = folder / LABELS_FILE
    if not path.is_file():
        return list(samples)
    named = _read(path)
    unknown = named.keys() - {s.key for s in samples}
    if unknown:
        raise DatasetError(f"{path} names {min(unknown)}, which is not in the data set.", "Correct that line.")
    return [replace(s, also=tuple(n for n in named.get(s.key, ()) if n != s.label)) for s in samples]


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DatasetError(f"{path} is larger than 64 MiB.", "Split the data set.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, line in enumerate(csv.reader(file), start=1):
                if not line or (number == 1 and line[0].strip().lower() == "path"):
                    continue
                classes = tuple(dict.fromkeys(n.strip() for n in ";".join(line[1:]).split(";") if n.strip()))
                if len(line) != 2 or not classes:
                    raise DatasetError(f"{path} line {number} is not `path,class;class`.", "Correct that line.")
                found[line[0].strip()] = classes
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read.", "Save it as CSV in UTF-8.") from error
    return found
