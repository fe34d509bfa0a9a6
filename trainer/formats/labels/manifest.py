"""Manifests of Lookout for Vision and SageMaker Ground Truth: a JSON object a line, each a picture and its class.

    {"source-ref": "s3://…/1.jpg", "anomaly-label": 1, "anomaly-label-metadata": {"class-name": "anomaly", …},
     "anomaly-mask-ref": "s3://…/1.png", "anomaly-mask-ref-metadata": {"internal-color-map": {…}, …}}

An address is only matched by name to the pictures that are here; nothing is fetched. A mask's colours are classes; what
the map calls BACKGROUND, and white where it calls nothing so, is sound. A file named after train or test says the part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import part_above, part_in, reading
from trainer.formats.samples.colours import areas_by_class, read_colours, set_where
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unless_sound
from trainer.formats.samples.label_files import files_below, head_of, nearest_first, parse_json, read_text
from trainer.formats.samples.pictures import (
    PictureIndex,
    check_size,
    check_upright,
    find_named,
    missing_notes,
    pictures_of,
    with_mask,
)
from trainer.formats.samples.shapes import draw
from trainer.formats.samples.unused import Leftovers

SUFFIXES = (".manifest", ".jsonl")
MAX_BYTES = 256 * 1024**2
_HEAD_BYTES = 64 * 1024
_SOURCE, _META = "source-ref", "-metadata"
_WHITE = 0xFFFFFF
_CORRECT = "Correct that line."


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the picture's address, its class, and its mask with the class of each colour."""

    picture: str
    label: str
    mask: str = ""
    colours: dict[int, str] = field(default_factory=dict)


def looks_like(folder: Path) -> bool:
    """True when there is a manifest in the folder or below it."""
    return bool(manifests(folder))


def manifests(folder: Path) -> list[Path]:
    """The manifests at any depth."""
    return [path for suffix in SUFFIXES for path in nearest_first(folder, suffix) if _is_manifest(path)]


def open_manifest(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture of the manifests; label = the mask's class with most pixels, else the line's.

    Raises DatasetError.
    """
    left = Leftovers()
    lines = [line for path in manifests(folder) for line in _entries(path, left)]
    # Also those beside a picture of the same name, which no list of pictures holds.
    drawings = PictureIndex(folder, files_below(folder, ".png"))
    drawn = {e.mask: find_named(drawings, [_name(e.mask)], None, where, left) for where, _, e in lines if e.mask}
    masks = {name: found for name, found in drawn.items() if found}
    index = PictureIndex(folder, sorted(set(pictures_of(folder)) - set(masks.values())))
    samples: dict[Path, Sample | None] = {}
    missing = 0
    for where, stem, entry in lines:
        before = len(left.found)
        picture, mask = find_named(index, [_name(entry.picture)], None, where, left), masks.get(entry.mask)
        if picture is None:
            missing += 1
            if len(left.found) == before:
                left.add(where, f"there is no picture {entry.picture}.")
        elif picture in samples:
            left.add(where, f"{index.key(picture)} is named before.")
            samples[picture] = unless_sound(samples[picture])
        elif entry.mask and mask is None:
            samples[picture] = None
            left.add(where, f"there is no picture {entry.mask}.")
        else:
            part = part_in(stem) or part_above(folder, picture)
            samples[picture] = left.unless_read(where, partial(_sample, folder, picture, entry, mask, part))
    notes = missing_notes(folder, len(lines), missing, f"{folder} and the folders below it")
    if unlisted := len(index.paths) - len(samples):
        notes += (f"{unlisted} pictures are in no manifest and are left out.",)
    listed = [sample for p in index.paths if (sample := samples.get(p)) is not None]
    name = folder.resolve().name
    return make_dataset(name, "manifest", listed, ok_classes, folder, missing=missing, notes=notes, unused=left.found)


def _entries(path: Path, left: Leftovers) -> list[tuple[str, str, Entry]]:
    """The lines that can be read: where each stands, the file's name, and what it says."""
    found = []
    for number, line in enumerate(read_text(path, MAX_BYTES).splitlines(), start=1):
        where = f"{path} line {number}"
        entry = left.unless_read(where, partial(read_entry, line, where)) if line.strip() else None
        found += [(where, path.stem, entry)] if entry is not None else []
    return found


def read_entry(line: str, where: str) -> Entry:
    """What one line says. Raises DatasetError for one without picture or class."""
    values = parse_json(line, where)
    picture = values.get(_SOURCE) if isinstance(values, dict) else None
    if not isinstance(picture, str) or not picture:
        raise DatasetError(f"{where} names no picture ({_SOURCE}).", _CORRECT)
    told = {key.removesuffix(_META): value for key, value in values.items() if _is_meta(key, value)}
    classes = [str(v["class-name"]).strip() for v in told.values() if isinstance(v.get("class-name"), str)]
    label = next((name for name in classes if name), "")
    drawn = next((key for key, value in told.items() if isinstance(value.get("internal-color-map"), dict)), "")
    mask = values.get(drawn)
    if not label and not isinstance(mask, str):
        raise DatasetError(f"{where} names no class of its picture.", _CORRECT)
    shown = [*classes, *(name for key, meta in told.items() for name in _boxed(values.get(key), meta))]
    if label and is_sound(label) and (other := next((name for name in shown if name and not is_sound(name)), "")):
        raise DatasetError(f"{where} says {label} and {other} of one picture.", _CORRECT)
    if not isinstance(mask, str):
        return Entry(picture, next((name for name in classes if name and not is_sound(name)), label))
    return Entry(picture, label, mask, _colours(told[drawn]["internal-color-map"], where))


def _boxed(drawn: Any, meta: Mapping[str, Any]) -> list[str]:
    """The classes of a line's boxes, or those of a picture of several."""
    names, boxes = meta.get("class-map"), drawn.get("annotations") if isinstance(drawn, dict) else drawn
    if not isinstance(names, dict) or not isinstance(boxes, list):
        return []
    numbers = [box.get("class_id") if isinstance(box, dict) else box for box in boxes]
    return [str(names.get(str(number), number)).strip() for number in numbers]


def _is_meta(key: str, value: Any) -> bool:
    return key.endswith(_META) and isinstance(value, dict)


def _colours(named: Mapping[str, Any], where: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for one in named.values():
        name, colour = (one.get("class-name"), one.get("hex-color")) if isinstance(one, dict) else (None, None)
        try:
            found[int(str(colour).removeprefix("#"), 16)] = str(name)
        except ValueError as error:
            raise DatasetError(f"{where} has a class of its mask without a colour.", _CORRECT) from error
    if not any(is_sound(name) for name in found.values()):
        found.setdefault(_WHITE, "background")
    return found


def _sample(folder: Path, path: Path, entry: Entry, mask: Path | None, part: Part) -> Sample:
    key, sound = path.relative_to(folder).as_posix(), is_sound(entry.label)
    if mask is None:
        load = with_mask(path, partial(draw, ())) if sound else reading(path)
        return Sample(key, entry.label, key, load, sound, part, sha256_of(path), path)
    colours = read_colours(mask)
    check_upright(f"The mask {mask}", path)
    check_size(f"The mask {mask}", (colours.shape[0], colours.shape[1]), path)
    areas = {name: area for name, area in areas_by_class(colours, entry.colours, mask).items() if not is_sound(name)}
    if bool(areas) is sound and entry.label:
        raise DatasetError(f"{mask} and the class {entry.label} of {path.name} contradict.", "Correct one of them.")
    wanted = [colour for colour, name in entry.colours.items() if not is_sound(name)]
    labels = sorted(areas, key=lambda name: (-areas[name], name)) or [entry.label or "normal"]
    load = with_mask(path, lambda *_: set_where(read_colours(mask), wanted))
    return Sample(key, labels[0], key, load, True, part, sha256_of(path), path, tuple(labels[1:]))


def _name(address: str) -> str:
    """The path in an address (s3://bucket/a/b.jpg), or what is no address as it is."""
    return unquote(urlsplit(address).path) if "://" in address else address


def _is_manifest(path: Path) -> bool:
    head = head_of(path, _HEAD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"{") and f'"{_SOURCE}"'.encode() in head
