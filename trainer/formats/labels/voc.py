"""Pascal VOC: one XML file a picture with its size and its named boxes; ImageSets/Main or a folder says the parts.

Boxes are not masks: where a defect ends is not known, so no sample has a mask.
"""

from __future__ import annotations

import filecmp
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.errors import DatasetError
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import part_above, reading
from trainer.formats.labels.labelme_shapes import check_shown
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset
from trainer.formats.samples.label_files import coordinate, files_below, read_text
from trainer.formats.samples.pictures import PictureIndex, drawn_size, missing_notes
from trainer.formats.samples.shapes import rectangle
from trainer.formats.samples.unused import Leftovers
from trainer.formats.samples.xml_files import parse_xml

OK = "ok"
MAX_XML_BYTES = 4 * 1024**2
MAX_BOXES = 10_000
_LOOKED_AT = 20
_SETS: dict[str, Part] = {"trainval": "train", "train": "train", "val": "validation", "test": "test"}
_CORRECT = "Correct that file."


@dataclass(frozen=True, slots=True)
class VocBox:
    """One object: its name, and its corners in pixels."""

    name: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """In pixels squared; 0 for a box whose corners are the wrong way round."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class VocFile:
    """What one XML file says: the picture's name, its size in pixels (0 where it does not say), its boxes."""

    name: str
    width: int
    height: int
    boxes: tuple[VocBox, ...]
    folder: str = ""
    """The picture's folder on the machine where it was labelled."""
    partly: bool = False
    """Some of its objects are not used."""


def read_voc(path: Path, left: Leftovers | None = None) -> VocFile:
    """Read one XML file, at most 4 MiB; an object that cannot be used goes to `left`.

    Raises DatasetError when it is none of Pascal VOC's, or declares a DOCTYPE, and without `left` for a bad object too.
    """
    reader = _Reader(path, left or Leftovers(refusing=True))
    parse_xml(path, MAX_XML_BYTES, reader.start, reader.text, reader.end)
    if reader.root != "annotation":
        raise DatasetError(f"{path} is not a Pascal VOC file.", "Its outermost element must be annotation.")
    values = reader.values
    width, height = (int(coordinate(values.get(f"size/{n}") or 0, path)) for n in ("width", "height"))
    name = values.get("filename") or f"{path.stem}.jpg"
    boxes = tuple(reader.boxes)
    return VocFile(name, max(width, 0), max(height, 0), boxes, values.get("folder", ""), reader.dropped > 0)


def voc_files(folder: Path, at_most: int = 0) -> list[Path]:
    """The XML files below `folder` in natural order; the first ones found when bounded."""
    return files_below(folder, ".xml", at_most)


def looks_like(folder: Path) -> bool:
    """True when one of the first XML files below the folder is Pascal VOC's."""
    return any(_readable(path) for path in voc_files(folder, _LOOKED_AT))


def first_names(folder: Path) -> set[str]:
    """The object names in the first XML files below the folder, for telling layouts apart."""
    found = (_readable(path) for path in voc_files(folder, _LOOKED_AT))
    return {box.name for file in found if file for box in file.boxes}


def open_voc(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that has an XML file; label = the class with most box area, `ok` where there is no object.

    Raises DatasetError.
    """
    left = Leftovers()
    samples, missing, notes = labelled(folder, lambda name: name, left)
    name = folder.resolve().name
    made = make_dataset(name, "voc", samples, ok_classes, folder, missing=missing, notes=notes, unused=left.found)
    return replace(made, read_from=tuple(voc_files(folder)))


def _meant(path: Path, file: VocFile, index: PictureIndex, folder: Path) -> list[Path]:
    """The picture that a file labels; empty where it is not there. Raises DatasetError where two may be meant.

    A pair that was renamed keeps the old name inside, and another picture may bear it by now.
    """
    own = index.find(path.stem, path.parent)
    named = index.meant(file.name, folder / file.folder)
    # The one that lies beside it, of several of that name.
    picture = own if own in named else index.find(file.name, folder / file.folder) or own
    if picture and own and picture.stem != own.stem:
        raise DatasetError(f"{path} names {index.key(picture)} and bears the name of {index.key(own)}.", _CORRECT)
    return [picture] if picture else []


def labelled(
    folder: Path, named: Callable[[str], str], left: Leftovers, empty: str = OK
) -> tuple[list[Sample], int, tuple[str, ...]]:
    """Samples, missing pictures and notes; what cannot be used goes to `left`.

    `named` gives the class of an object's name, or "". A picture without one is `empty`, or left out where that is "".
    """
    index, parts = PictureIndex(folder), _parts(folder)
    samples: dict[Path, Sample] = {}
    read_from, doubtful = dict[Path, Path](), set[Path]()
    files = voc_files(folder)
    missing = classless = 0
    for path in files:
        file = left.unless_read(path, partial(read_voc, path, left))
        meant = left.unless_read(path, partial(_meant, path, file, index, folder)) if file else None
        if file is None or meant is None:
            # It may label any picture: the one of its own name is not taken for sound.
            classless += 1
            continue
        picture = next(iter(meant), None)
        file = _inside(path, file, picture, left)
        labels, partly = _shown(path, file, named, empty, left)
        if picture is None:
            missing += 1
            left.add(path, f"there is no picture {file.name}.")
        elif not labels:
            classless += 1
            doubtful.add(picture)
        else:
            part, key = parts.get(picture.stem) or part_above(folder, picture), index.key(picture)
            sample = _sample(key, picture, labels, part, partly)
            first, read_from[picture] = samples.setdefault(picture, sample), read_from.get(picture, path)
            if _says_else(path, read_from[picture], key, left):
                samples[picture] = replace(first, partly=True)
    notes = missing_notes(folder, len(files), missing, f"{folder} and the folders below it")
    notes += _left_out(len(index.paths) - len(samples) - classless, classless)
    listed = [samples[p] for p in index.paths if p in samples]
    return [replace(s, partly=True) if s.path in doubtful else s for s in listed], missing, notes


def _inside(path: Path, file: VocFile, picture: Path | None, left: Leftovers) -> VocFile:
    """The file without boxes that lie outside of its picture, which go to `left`."""
    size, shown = drawn_size(picture) if picture else None, []
    for box in file.boxes:
        where, corners = f"{path} box of {box.name}", rectangle(box.left, box.top, box.right, box.bottom)
        fits = left.unless_read(where, partial(check_shown, corners, size, where, boxed=True))
        shown += [box] if fits else []
    return replace(file, boxes=tuple(shown), partly=file.partly or len(shown) < len(file.boxes))


def _says_else(path: Path, first: Path, key: str, left: Leftovers) -> bool:
    """Whether it is another file than the first one of a picture, and no copy of it."""
    if path == first or filecmp.cmp(path, first, shallow=False):
        return False
    left.add(path, f"{key} is labelled by {first} too.")
    return True


def _left_out(unlabelled: int, classless: int) -> tuple[str, ...]:
    notes = [f"{unlabelled} pictures have no XML file and are left out."] if unlabelled > 0 else []
    notes += [f"{classless} pictures show no object of a known class and are left out."] if classless else []
    return tuple(notes)


def _shown(
    path: Path, file: VocFile, named: Callable[[str], str], empty: str, left: Leftovers
) -> tuple[list[str], bool]:
    """The classes of a picture, `empty` only where nothing is drawn on it, and whether some object is not used.

    Objects of no class go to `left`.
    """
    for box in file.boxes:
        if not named(box.name):
            left.add(path, f"its object {box.name} is of no class.")
    partly = file.partly or not all(named(box.name) for box in file.boxes)
    return _ranked(file, named) or ([empty] if empty and not (file.partly or file.boxes) else []), partly


def _sample(key: str, path: Path, labels: Sequence[str], part: Part, partly: bool) -> Sample:
    load, digest = reading(path), sha256_of(path)
    also = tuple(labels[1:])
    return Sample(key, labels[0], key, load, part=part, digest=digest, path=path, also=also, partly=partly)


def _ranked(file: VocFile, named: Callable[[str], str]) -> list[str]:
    """The classes by box area, largest first; ties by name."""
    areas: dict[str, float] = defaultdict(float)
    for box in file.boxes:
        if label := named(box.name):
            areas[label] += box.area
    return sorted(areas, key=lambda label: (-areas[label], label))


def _parts(folder: Path) -> Mapping[str, Part]:
    found: dict[str, Part] = {}
    for name, part in _SETS.items():
        path = folder / "ImageSets" / "Main" / f"{name}.txt"
        if path.is_file():
            found |= {line.split()[0]: part for line in read_text(path).splitlines() if line.strip()}
    return found


def _readable(path: Path) -> VocFile | None:
    try:
        return read_voc(path)
    except DatasetError:
        return None


class _Reader:
    """Collects the few elements that count; whatever else is there is passed over."""

    def __init__(self, path: Path, left: Leftovers) -> None:
        self._path, self._left = path, left
        self._objects = self.dropped = 0
        self._open: list[str] = []
        self._letters: list[str] = []
        self._object: dict[str, str] = {}
        self.root = ""
        self.values: dict[str, str] = {}
        self.boxes: list[VocBox] = []

    def start(self, tag: str, _attributes: object) -> None:
        self.root = self.root or tag
        self._open.append(tag)
        self._letters.clear()
        if self._open[1:] == ["object"]:
            self._object = {}
        elif tag.lower() in ("object", "bndbox") and "object" not in self._open[1:2]:
            self.dropped += 1
            self._left.add(self._path, f"its {'/'.join(self._open)[:80]} stands where no object is read.")

    def text(self, letters: str) -> None:
        self._letters.append(letters)

    def end(self, _tag: str) -> None:
        inside, value = self._open[1:], "".join(self._letters).strip()
        if inside == ["object"]:
            self._close_object()
        elif inside[:1] == ["object"]:
            self._object["/".join(inside[1:])] = value
        elif len(inside) <= 2:
            self.values["/".join(inside)] = value
        self._open.pop()
        self._letters.clear()

    def _close_object(self) -> None:
        self._objects += 1
        if self._objects > MAX_BOXES:
            raise DatasetError(f"{self._path} has more than {MAX_BOXES} objects.", _CORRECT)
        where = f"{self._path} object {self._objects}"
        box = self._left.unless_read(where, partial(self._box, where))
        if box is None:
            self.dropped += 1
        else:
            self.boxes.append(box)

    def _box(self, where: str) -> VocBox:
        name = self._object.get("name", "")
        corners = [self._object.get(f"bndbox/{n}") for n in ("xmin", "ymin", "xmax", "ymax")]
        if not name or None in corners:
            raise DatasetError(f"{where} has no name or no box.", _CORRECT)
        left, top, right, bottom = (coordinate(value, where) for value in corners)
        return VocBox(name, left, top, right, bottom)
